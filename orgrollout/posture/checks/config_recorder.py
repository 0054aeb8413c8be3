"""The recorder of AWS Config exists and records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from orgrollout.posture.aws_config import failure_of
from orgrollout.posture.definition import ACCOUNT, Arguments, Call, KnownCheck, Reader, RepairCall
from orgrollout.posture.seen import PostureSeen, broken, ok

STATUS = Call(
    api="config:DescribeConfigurationRecorderStatus",
    always=("ConfigurationRecordersStatus[].name",),
)
START = Call(
    api="config:StartConfigurationRecorder", resource=f"config:*:{ACCOUNT}:configuration-recorder/*"
)


class Recorder(Arguments):
    """Which recorder."""

    recorder: str | None = Field(None, description="its name; without, any")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderFact:
    """A configuration recorder (DescribeConfigurationRecorderStatus)."""

    name: str
    recording: bool
    failure: str = ""  # of the last event, if it failed


def look(reader: Reader, arguments: Recorder) -> PostureSeen:
    """Read the recorders of the account and judge them."""
    found = [
        RecorderFact(
            name=each["name"], recording=bool(each.get("recording")), failure=failure_of(each)
        )
        for each in reader.one(STATUS).get("ConfigurationRecordersStatus", ())
        if not each.get("servicePrincipal")  # those belong to other services
    ]
    return judge(found, arguments.recorder)


def judge(found: Sequence[RecorderFact], name: str | None) -> PostureSeen:
    """The recorder exists and records, and what it recorded last did not fail.

    If it was deleted, or fails, no call helps.
    """
    meant = [each for each in found if name in {None, each.name}]
    if not meant:
        there = f"; there is {found[0].name}" if found else ""
        return broken(f"there is no recorder{f' {name}' if name else ''}{there}", name or "")
    first = meant[0]
    if not first.recording:
        return broken(f"the recorder {first.name} is stopped", first.name, by_call=True)
    if first.failure:
        return broken(f"the recorder {first.name} fails: {first.failure}", first.name)
    return ok(f"{first.name} records")


def request(_: Recorder, subjects: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters of the call that starts a recorder."""
    return {"ConfigurationRecorderName": subjects[0]}


CHECK = KnownCheck(
    name="config-recorder",
    noun="recorders",
    arguments=Recorder,
    reads=(STATUS,),
    look=look,
    ok="it records, and its last event did not fail",
    broken="there is none; it is stopped; it fails",
    unknown="the call failed",
    repair=RepairCall(call=START, request=request, limits="if it is stopped"),
    broken_by=("StopConfigurationRecorder", "DeleteConfigurationRecorder"),
)
