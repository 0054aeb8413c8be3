"""Event buses and their policies, made through moto's EventBridge.

moto's own class gives Ref no name, makes another bus in an update, and knows no policies. A policy
without a bus is one of `default`.
"""

from typing import Any

from moto.events.models import EventBus as MotoBus
from moto.events.models import EventBusPolicyStatement, events_backends

from orgrollout.sandbox.moto.resource_types.base import ProvidedResource

_DEFAULT = "default"


class EventBus(ProvidedResource):
    """An event bus; Ref is its name."""

    arn_format = "events:{region}:{account}:event-bus/{name}"

    def make(self) -> None:
        """Create the bus, or bring it to new properties; its rules and policies stay."""
        backend, given = events_backends[self.account][self.region], self.properties
        name = self.physical_resource_id
        if name not in backend.event_buses:
            backend.create_event_bus(name=name, event_source_name=given.get("EventSourceName"))
        bus = backend.event_buses[name]
        bus.description = given.get("Description")
        bus.kms_key_identifier = given.get("KmsKeyIdentifier")
        bus.dead_letter_config = given.get("DeadLetterConfig")
        bus.tags = given.get("Tags") or []

    def unmake(self) -> None:
        """Delete the bus with its rules, if it is still there."""
        backend = events_backends[self.account][self.region]
        if bus := backend.event_buses.get(self.physical_resource_id):
            bus.delete(self.account, self.region)

    @property
    def physical_resource_id(self) -> str:
        """The bus's name."""
        return str(self.properties.get("Name", self.generated_name))

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return the bus's name or ARN."""
        if attribute_name == "Name":
            return self.physical_resource_id
        return super().get_cfn_attribute(attribute_name)


class EventBusPolicy(ProvidedResource):
    """One statement of a bus's policy, whole or by its parts."""

    def make(self) -> None:
        """Put the statement.

        Raises:
            KeyError: There is no such bus.
        """
        bus = self._bus()
        if bus is None:
            raise KeyError(self._bus_name)
        statement = {**self._parts(), **(self.properties.get("Statement") or {})}
        sid = str(self.properties["StatementId"])
        whole = {"Resource": bus.arn, **statement, "Sid": sid}
        bus._statements[sid] = EventBusPolicyStatement.from_dict(whole)  # noqa: SLF001

    def unmake(self) -> None:
        """Remove the statement, if it is still there."""
        if (bus := self._bus()) is not None:
            bus.remove_statement(str(self.properties["StatementId"]))

    @property
    def physical_resource_id(self) -> str:
        """Bus and statement, which are its primary identifier."""
        return f"{self._bus_name}|{self.properties['StatementId']}"

    @property
    def _bus_name(self) -> str:
        return str(self.properties.get("EventBusName", _DEFAULT))

    def _bus(self) -> MotoBus | None:
        buses: dict[str, MotoBus] = events_backends[self.account][self.region].event_buses
        return buses.get(self._bus_name)

    def _parts(self) -> dict[str, Any]:
        """Return the statement as Principal, Action and Condition have it."""
        given = self.properties
        parts = {"Effect": "Allow", "Principal": given.get("Principal", "*")}
        if "Condition" in given:
            kind, key, value = (given["Condition"].get(k) for k in ("Type", "Key", "Value"))
            parts["Condition"] = {kind: {key: value}}
        return {**parts, "Action": given.get("Action", "events:PutEvents")}


EVENT_TYPES: dict[str, type[ProvidedResource]] = {
    "AWS::Events::EventBus": EventBus,
    "AWS::Events::EventBusPolicy": EventBusPolicy,
}
