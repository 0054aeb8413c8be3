"""What plans and rollouts stand in."""

from collections import Counter
from dataclasses import dataclass, field

from orgrollout.aws.clock import Clock
from orgrollout.aws.connection import Connection
from orgrollout.aws.stack_sets import StackSets
from orgrollout.journal.port import Journal


@dataclass(slots=True)
class CallMeter:
    """How many API requests were sent since they were last written down."""

    _written: Counter[str] = field(default_factory=Counter)

    def take(self, calls: Counter[str]) -> Counter[str]:
        """Return what came on top of what was taken before."""
        new = calls - self._written
        self._written = Counter(calls)
        return new


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """AWS, the journal, and the time."""

    connection: Connection
    stack_sets: StackSets
    journal: Journal
    clock: Clock
    meter: CallMeter = field(default_factory=CallMeter)
