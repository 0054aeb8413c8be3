"""Writes events of calls, of CloudFormation and of changes by hand."""

from collections.abc import Callable, Iterable
from datetime import datetime

from orgrollout.sandbox.call_log import Call
from orgrollout.sandbox.principals import Principal
from orgrollout.sandbox.records import stack_set_of
from orgrollout.sandbox.trail import calls, changes
from orgrollout.sandbox.trail.book import Place, Request, Trail
from orgrollout.sandbox.trail.identities import (
    BY_HAND,
    STACK_SETS_ROLE,
    Identity,
    identity_by,
    identity_of,
    role_identity,
    through_cloudformation,
)

Resources = Iterable[tuple[str, str]]  # type and physical id
_ON_STACKS = {"create": "CreateStack", "update": "UpdateStack", "delete": "DeleteStack"}
REMEDIATION = "role/flowlogs-remediation/AutomationExecution"
_BY_CALLER = ("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet")


class Recorder:
    """Writes the event history of one organization."""

    def __init__(self, trail: Trail, partition: str, now: Callable[[], datetime]) -> None:
        self.trail = trail
        self._partition = partition
        self._now = now
        self._executors: dict[tuple[str, str, str], Principal] = {}

    def begins(self, place: Place, principal: Principal, operation: str, stack: str | None) -> None:
        """Note who has CloudFormation change a stack: it goes on in their name."""
        if stack is not None and operation in _BY_CALLER:
            self._executors[*place, stack] = principal

    def call(self, call: Call, principal: Principal, answer: bytes) -> None:
        """Write the event of a call of the API."""
        request = calls.request_of(call, answer)
        if request is not None:
            self._write((call.account, call.region), identity_of(principal), request)

    def by_cloudformation(self, stack_id: str, action: str, resources: Resources) -> None:
        """Write what CloudFormation did to resources of a stack: create, update, delete."""
        _, _, _, region, account, resource = stack_id.split(":", 5)
        name = resource.split("/")[1]
        executor = self._executors.get((account, region, name))
        if executor is not None:
            identity = identity_of(executor)
        else:
            identity = role_identity(self._partition, account, STACK_SETS_ROLE, "AWSCloudFormation")
            if stack_set_of(name) is not None:
                request = changes.on_stack(_ON_STACKS[action], stack_id)
                self._write((account, region), through_cloudformation(identity), request)
        for kind, physical_id in resources:
            if action == "update":
                made = changes.update(kind, physical_id)
            else:
                made = changes.make(kind, physical_id, delete=action == "delete")
            if made is not None:
                self._write((account, region), through_cloudformation(identity), made)

    def remediated(self, place: Place, vpc: str, flow_log: str) -> None:
        """Write that a remediation made a flow log."""
        self.by_hand(place, REMEDIATION, calls.made_flow_log([vpc], [flow_log]))

    def by_hand(self, place: Place, by: str, request: Request | None) -> None:
        """Write a change by hand, made by whom the text ``by`` names."""
        if request is None:
            return
        identity = identity_by(self._partition, place[0], by or BY_HAND)
        if by.startswith("stack/"):
            name = by.partition("/")[2]
            stack_id = f"arn:{self._partition}:cloudformation:{place[1]}:{place[0]}:stack/{name}/1"
            plain = {key: value for key, value in identity.items() if key != "invokedBy"}
            self._write(place, plain, changes.on_stack("UpdateStack", stack_id))
        self._write(place, identity, request)

    def _write(self, place: Place, identity: Identity, request: Request) -> None:
        service = request.source.partition(".")[0]
        where = (place[0], calls.region_of(service, place[1], self._partition))
        self.trail.write(where, self._now(), identity, request)
