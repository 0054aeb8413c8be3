"""How far operations under way have come: their results, counted now and then.

CloudFormation lists the results of an operation as they come, a hundred a call. A count is for
people and nothing rests on it, so it takes few calls: none in the first minute, then one look a
minute for small operations, and fewer for large ones. What cannot be read is not told.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import OperationId
from orgrollout.model.operation import ResultStatus
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.rollout.operations.process_in_flight import is_repair
from orgrollout.rollout.state.counted import Counted
from orgrollout.rollout.state.repair_step import Step
from orgrollout.rollout.state.state import InFlightOperation

_FIRST = timedelta(seconds=45)  # shorter operations are over before a count helps anyone
_EVERY = timedelta(seconds=55)
_PER_PAGE = timedelta(seconds=20)  # a look at 10,000 results is 100 calls: every half hour
_PAGE = 100
_OVER = frozenset({ResultStatus.SUCCEEDED, ResultStatus.FAILED, ResultStatus.CANCELLED})


@dataclass(slots=True)
class OperationCounter:
    """Counts the operations of a rollout, each in its own time."""

    context: Context
    _known: dict[OperationId, Counted] = field(default_factory=dict)
    _looked: dict[OperationId, datetime] = field(default_factory=dict)

    def count(self, rollout: Rollout) -> Mapping[OperationId, Counted]:
        """Return how far each operation under way has come, as far as that is known."""
        now = self.context.clock.now()
        for in_flight in rollout.state.in_flight:
            if self._is_due(in_flight, now):
                self._looked[in_flight.id] = now
                self._look(rollout, in_flight, now)
        under_way = {each.id for each in rollout.state.in_flight}
        self._known = {id_: found for id_, found in self._known.items() if id_ in under_way}
        return self._known

    def _is_due(self, in_flight: InFlightOperation, now: datetime) -> bool:
        if now - in_flight.committed < _FIRST or in_flight.ended is not None:
            return False
        looked = self._looked.get(in_flight.id)
        pause = max(_EVERY, len(in_flight.pending.pairs) / _PAGE * _PER_PAGE)
        return looked is None or now - looked >= pause

    def _look(self, rollout: Rollout, in_flight: InFlightOperation, now: datetime) -> None:
        try:
            over = self._statuses(rollout, in_flight)
        except OrgRolloutError:
            return
        if over is None:
            return
        self._known[in_flight.id] = Counted(
            done=over[ResultStatus.SUCCEEDED],
            failed=sum(over.values()) - over[ResultStatus.SUCCEEDED],
            total=len(in_flight.pending.pairs),
            at=now,
            began=in_flight.committed,
        )

    def _statuses(
        self, rollout: Rollout, in_flight: InFlightOperation
    ) -> Counter[ResultStatus] | None:
        """Return how many ended how; None: another process knows, and this one does not."""
        if is_repair(rollout.plan, in_flight):
            memory = self.context.repairs.get(in_flight.id)
            if memory is None:
                return None
            return Counter(
                ResultStatus.SUCCEEDED if each.step is Step.SUCCEEDED else ResultStatus.FAILED
                for each in memory.ended.values()
            )
        key = rollout.plan.operations[in_flight.pending.planned].stack_set
        name = rollout.plan.stack_sets[key].name
        stack_sets = self.context.calling_as(rollout.plan.call_as).stack_sets
        return Counter(
            r.status for r in stack_sets.results(name, in_flight.id) if r.status in _OVER
        )
