"""When each operation was looked at last: one that has just begun makes no other be asked about.

Known to this process alone. Another one looks at everything once, and loses a few calls by it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orgrollout.model.ids import OperationId
from orgrollout.rollout.decision import OperationSeen
from orgrollout.rollout.polling import until_next_look


@dataclass(slots=True)
class Looks:
    """What was seen of the operations that run."""

    _seen: dict[OperationId, OperationSeen] = field(default_factory=dict)

    def still(self, operation: OperationId, now: datetime) -> OperationSeen | None:
        """Return what was seen of an operation, if it is too early to look again."""
        seen = self._seen.get(operation)
        if seen is None or seen.operation is None or seen.operation.created is None:
            return None
        if seen.at is None or now < seen.at:  # the clock was set back
            return None
        early = until_next_look(seen.operation.created, seen.at, now) > timedelta()
        return seen if early else None

    def runs(self, operation: OperationId) -> bool:
        """Return whether an operation was running when it was looked at last."""
        return operation in self._seen

    def keep(self, operation: OperationId, seen: OperationSeen) -> OperationSeen:
        """Remember what was seen, as long as the operation runs, and return it."""
        if seen.operation is not None and not seen.operation.status.is_terminal:
            self._seen[operation] = seen
        else:
            self._seen.pop(operation, None)
        return seen
