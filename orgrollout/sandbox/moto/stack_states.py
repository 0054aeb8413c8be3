"""The state of single stacks: updates that run, detections, events.

Kept only for stacks that were asked about directly; what a stack is otherwise,
its record or moto's stack tells.
"""

from dataclasses import dataclass, field
from datetime import datetime

from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.records import ResourceDrift

STACK = "AWS::CloudFormation::Stack"
_HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """One line of a stack's history."""

    id: str
    time: datetime
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A drift detection of one stack; ``drifts`` is None while it runs."""

    id: str
    stack_id: str
    began: datetime
    ended: datetime | None = None
    drifts: tuple[ResourceDrift, ...] | None = None

    @property
    def status(self) -> str:
        """DRIFTED, IN_SYNC, or NOT_CHECKED while it runs."""
        if self.drifts is None:
            return "NOT_CHECKED"
        return "DRIFTED" if self.drifted else "IN_SYNC"

    @property
    def drifted(self) -> int:
        """The number of drifted resources."""
        return sum(each.is_drifted for each in self.drifts or ())


@dataclass(slots=True, kw_only=True)
class StackState:
    """The direct changes of a stack, and how far they are."""

    stack_id: str
    in_progress: str | None = None
    """The status while an update runs."""
    outcome: str | None = None
    """The status that the last direct update left."""
    change_set_id: str | None = None
    updated: datetime | None = None
    detecting: Detection | None = None
    detected: Detection | None = None
    events: list[StackEvent] = field(default_factory=list)

    def tell(
        self,
        time: datetime,
        status: str,
        reason: str | None = None,
        resource: tuple[str, str, str] | None = None,
    ) -> None:
        """Add an event, of the stack or of a resource (logical id, physical id, type)."""
        name = self.stack_id.split("/")[1]
        logical, physical, kind = resource or (name, self.stack_id, STACK)
        number = str(len(self.events))
        self.events.append(
            StackEvent(
                id=derive(32, self.stack_id, number, alphabet=_HEX),
                time=time,
                logical_id=logical,
                physical_id=physical,
                resource_type=kind,
                status=status,
                reason=reason,
            )
        )


class StackStates:
    """The state of each stack that was asked about."""

    def __init__(self) -> None:
        self._states: dict[str, StackState] = {}

    def of(self, stack_id: str) -> StackState:
        """Return the state of a stack, to be changed."""
        if stack_id not in self._states:
            self._states[stack_id] = StackState(stack_id=stack_id)
        return self._states[stack_id]

    def known(self, stack_id: str) -> StackState | None:
        """Return the state of a stack if there is one."""
        return self._states.get(stack_id)

    def in_progress(self, stack_id: str) -> str | None:
        """Return the status of the update that runs on a stack directly, if one does."""
        state = self._states.get(stack_id)
        return state.in_progress if state is not None else None
