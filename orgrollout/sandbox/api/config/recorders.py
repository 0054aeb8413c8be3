"""AWS Config's recorders and delivery channels as they are doing, inside of an account.

moto starts and stops recorders; what became of that, and whether deliveries arrive, is told
here by the sandbox's clock.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from moto.config.models import config_backends

from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.records import Pair
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
PENDING = timedelta(minutes=1)
"""The time for which a recorder that was started is Pending; AWS names none."""


class RecorderApi:
    """The calls on recorders and channels that moto answers too simply."""

    def __init__(
        self,
        timeline: Timeline,
        broken: Mapping[Pair, tuple[str, str]],
        repaired: Callable[[tuple[str, str, str]], None],
    ) -> None:
        self._timeline = timeline
        self._broken = broken
        self._repaired = repaired
        self._changed: dict[tuple[str, str, str], datetime] = {}

    def start_configuration_recorder(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Start a recorder; one that runs stays as it is."""
        name = params["ConfigurationRecorderName"]
        recorder = config_backends[caller.account][caller.region].recorders.get(name)
        startable = config_backends[caller.account][caller.region].delivery_channels
        if recorder is not None and startable and not recorder.status.recording:
            self._note(caller, name)
            self._repaired(("recorder", caller.account, caller.region))
        return FORWARD

    def stop_configuration_recorder(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Stop a recorder."""
        self._note(caller, params["ConfigurationRecorderName"])
        return FORWARD

    def describe_configuration_recorder_status(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return whether recorders record, and whether that goes well."""
        recorders = config_backends[caller.account][caller.region].recorders
        names = params.get("ConfigurationRecorderNames") or list(recorders)
        for name in names:
            if name not in recorders:
                message = f"Cannot find configuration recorder with the specified name '{name}'."
                raise ApiError("NoSuchConfigurationRecorderException", message)
        shown = [self._recorder(caller, recorders[name]) for name in names]
        return {"ConfigurationRecordersStatus": shown}

    def describe_delivery_channel_status(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Return whether deliveries arrive."""
        channels = config_backends[caller.account][caller.region].delivery_channels
        names = params.get("DeliveryChannelNames") or list(channels)
        for name in names:
            if name not in channels:
                message = f"Cannot find delivery channel with specified name '{name}'."
                raise ApiError("NoSuchDeliveryChannelException", message)
        return {"DeliveryChannelsStatus": [self._channel(caller, name) for name in names]}

    def _note(self, caller: Caller, name: str) -> None:
        self._changed[caller.account, caller.region, name] = self._timeline.now()

    def _recorder(self, caller: Caller, recorder: Any) -> Answer:
        recording = bool(recorder.status.recording)
        changed = self._changed.get((caller.account, caller.region, recorder.name))
        status: str | None = "Success" if recording else None
        if recording and changed is not None and self._timeline.now() < changed + PENDING:
            status = "Pending"
        error: tuple[str | None, str | None] = (None, None)
        if recording and (caller.account, caller.region) in self._broken:
            status, error = "Failure", self._broken[caller.account, caller.region]
        return {
            "name": recorder.name,
            "recording": recording,
            "lastStatus": status,
            "lastErrorCode": error[0],
            "lastErrorMessage": error[1],
            "lastStartTime": changed if recording else None,
            "lastStopTime": None if recording else changed,
            "lastStatusChangeTime": changed,
        }

    def _channel(self, caller: Caller, name: str) -> Answer:
        now, broken = self._timeline.now(), self._broken.get((caller.account, caller.region))
        recorders = config_backends[caller.account][caller.region].recorders.values()
        if not any(each.status.recording for each in recorders):
            return {
                "name": name,
                "configSnapshotDeliveryInfo": {},
                "configHistoryDeliveryInfo": {},
                "configStreamDeliveryInfo": {},
            }
        delivery: Answer = {
            "lastStatus": "Success",
            "lastAttemptTime": now,
            "lastSuccessfulTime": now,
        }
        if broken is not None:
            code, message = broken
            delivery = {"lastStatus": "Failure", "lastAttemptTime": now}
            delivery |= {"lastErrorCode": code, "lastErrorMessage": message}
        return {
            "name": name,
            "configSnapshotDeliveryInfo": {},
            "configHistoryDeliveryInfo": delivery,
            "configStreamDeliveryInfo": {"lastStatus": "Not_Applicable"},
        }
