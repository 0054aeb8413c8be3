"""What operations inside accounts have repaired or refused, noted in the history of findings."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from orgrollout.drift.finding import FindingKind
from orgrollout.drift.history import Record, Records, refused, repaired
from orgrollout.drift.repair import UNREAD
from orgrollout.model.ids import Digest, Pair, StackSetName
from orgrollout.plan.repair import Repair, below
from orgrollout.reconcile.finding_history import change_history
from orgrollout.reconcile.rollouts import Rollout
from orgrollout.reconcile.world import World
from orgrollout.rollout.failures import FailureClass
from orgrollout.rollout.state import Flight, RolloutState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landed:
    """An operation that is over."""

    flight: Flight
    repair: Repair
    refused: dict[Pair, str]  # with the reason
    done: frozenset[Pair]


def note_repairs(before: Rollout, after: RolloutState, world: World) -> None:
    """Note what the operations that are over in ``after`` have repaired, and under which id.

    To be called before ``after`` is committed: noting it twice changes nothing, and so a crash in
    between loses nothing. What came back was repaired, too: so it shows that it came back. A stack
    set's history is written once, however many operations have ended.
    """
    flying = {flight.id for flight in after.flights}
    ended: dict[StackSetName, list[_Landed]] = defaultdict(list)
    for flight in before.state.flights:
        planned = before.plan.operations[flight.piece.planned]
        if planned.repair is not None and flight.id not in flying:
            name = before.plan.stack_sets[planned.stack_set].name
            ended[name].append(_landed(flight, planned.repair, after))
    for name, landed in ended.items():
        change_history(world.journal, name, partial(_noted, landed, world.clock.now()))


def _landed(flight: Flight, repair: Repair, after: RolloutState) -> _Landed:
    failed = {
        failure.pair: failure
        for failure in after.failures
        if failure.planned == flight.piece.planned and failure.kind is not FailureClass.CAME_BACK
    }
    return _Landed(
        flight=flight,
        repair=repair,
        done=flight.piece.pairs - failed.keys(),
        refused={
            pair: failed[pair].reason
            for pair in flight.piece.pairs & failed.keys()
            if failed[pair].kind is FailureClass.REFUSED or failed[pair].reason.startswith(UNREAD)
        },
    )


def _noted(ended: list[_Landed], now: datetime, records: Records) -> Records:
    by_pair: dict[Pair, list[Digest]] = defaultdict(list)
    for key, record in records.items():
        by_pair[record.pair].append(key)
    for each in ended:
        done = (key for pair in each.done for key in by_pair[pair])
        records = repaired(records, _of(done, records, each.repair), each.flight.id, now)
        for pair, reason in each.refused.items():
            records = refused(records, _of(by_pair[pair], records, each.repair), reason)
    return records


def _of(keys: Iterable[Digest], records: Records, repair: Repair) -> list[Digest]:
    return [k for k in keys if records[k].gone is None and _is_of(records[k], repair)]


def _is_of(record: Record, repair: Repair) -> bool:
    if repair.check is not None:
        return record.kind is FindingKind.POSTURE and record.what == repair.check.label
    name = f"{record.what}{record.path}"
    return (
        record.kind is FindingKind.RESOURCE
        and record.what in repair.resources
        and not any(below(name, kept) for kept in repair.keeps)
    )
