"""What operations inside accounts came to, noted in the history of findings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from orgrollout.drift.finding import FindingKind
from orgrollout.drift.history import Record, Records, came_back, not_there, refused, repaired
from orgrollout.model.cause import Cause
from orgrollout.model.ids import Digest, OperationId, Pair, StackSetName
from orgrollout.plan.repair import Repair, below
from orgrollout.reconcile.finding_history import change_history
from orgrollout.reconcile.rollouts import Rollout
from orgrollout.reconcile.world import World
from orgrollout.rollout.decision import InsideSeen, Seen
from orgrollout.rollout.repairs import NextStep, Step
from orgrollout.rollout.state import RolloutState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landed:
    """An operation that is over, and how its repairs ended."""

    id: OperationId
    repair: Repair
    ended: Mapping[Pair, NextStep]


def note_repairs(before: Rollout, after: RolloutState, seen: Seen, world: World) -> None:
    """Note what the operations that are over in ``after`` came to, and under which id.

    To be called before ``after`` is committed: noting it twice changes nothing, and so a crash in
    between loses nothing. A stack set's history is written once, however many operations have
    ended.
    """
    flying = {flight.id for flight in after.flights}
    ended: dict[StackSetName, list[_Landed]] = defaultdict(list)
    for flight in before.state.flights:
        planned = before.plan.operations[flight.piece.planned]
        if planned.repair is not None and flight.id not in flying:
            name = before.plan.stack_sets[planned.stack_set].name
            known = seen.inside.get(flight.id, InsideSeen()).ended
            ended[name].append(_Landed(id=flight.id, repair=planned.repair, ended=known))
    for name, landed in ended.items():
        change_history(world.journal, name, partial(_noted, landed, world.clock.now()))


def _noted(landed: Iterable[_Landed], now: datetime, records: Records) -> Records:
    by_pair: dict[Pair, list[Digest]] = defaultdict(list)
    for key, record in records.items():
        by_pair[record.pair].append(key)
    for each in landed:
        for pair, end in each.ended.items():
            mine = [key for key in by_pair[pair] if _is_of(records[key], each.repair)]
            records = _with_end(records, mine, end, each.id, now)
    return records


def _with_end(
    records: Records, mine: list[Digest], end: NextStep, by: OperationId, now: datetime
) -> Records:
    """Return the records after one repair; where it failed, all is as it was."""
    if end.step is Step.SUCCEEDED:
        if end.cause is Cause.NOTHING_TO_REPAIR:
            return not_there(records, mine, now)
        return repaired(records, mine, by, now)
    if end.own is None:
        return records
    if end.cause is Cause.CAME_BACK:
        again = end.own.resources
        back = [key for key in mine if records[key].what in again]
        for_good = [key for key in mine if records[key].what not in again]
        return came_back(repaired(records, for_good, by, now), back, by, now)
    if end.own.cause in {Cause.REFUSED, Cause.UNREAD}:
        return refused(records, mine, end.reason, end.own.cause)
    return records


def _is_of(record: Record, repair: Repair) -> bool:
    if record.gone is not None:
        return False
    if repair.check is not None:
        return record.kind is FindingKind.POSTURE and record.what == repair.check.label
    name = f"{record.what}{record.path}"
    return (
        record.kind is FindingKind.RESOURCE
        and record.what in repair.resources
        and not any(below(name, kept) for kept in repair.keeps)
    )
