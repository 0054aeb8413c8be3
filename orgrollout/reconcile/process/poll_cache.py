"""When each operation was looked at last: one that has just begun makes no other be asked about.

Known to this process alone. Another one looks at everything once, and loses a few calls by it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orgrollout.model.ids import OperationId
from orgrollout.rollout.state.decision import OperationObservation
from orgrollout.rollout.state.polling import until_next_look


@dataclass(slots=True)
class Looks:
    """What was seen of the operations that run."""

    _seen: dict[OperationId, OperationObservation] = field(default_factory=dict)
    _unknown: dict[OperationId, datetime] = field(default_factory=dict)  # since when, to AWS

    def still(self, operation: OperationId, now: datetime) -> OperationObservation | None:
        """Return what was seen of an operation, if it is too early to look again."""
        seen = self._seen.get(operation)
        if seen is None or seen.at is None or now < seen.at:  # the clock was set back
            return None
        began = seen.operation.created if seen.operation else self._unknown[operation]
        if began is None or until_next_look(began, seen.at, now) <= timedelta():
            return None
        return replace(seen, early=True)

    def runs(self, operation: OperationId) -> bool:
        """Return whether an operation was running when it was looked at last."""
        seen = self._seen.get(operation)
        return seen is not None and seen.operation is not None

    def keep(self, operation: OperationId, seen: OperationObservation) -> OperationObservation:
        """Remember what was seen, as long as the operation is not over, and return it."""
        over = seen.gone or (seen.operation is not None and seen.operation.status.is_terminal)
        if over or seen.at is None:
            self._seen.pop(operation, None)
        else:
            self._seen[operation] = seen
        if seen.operation is None and seen.at is not None:
            self._unknown.setdefault(operation, seen.at)
        else:
            self._unknown.pop(operation, None)
        return seen
