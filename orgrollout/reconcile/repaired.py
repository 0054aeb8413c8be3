"""What an operation inside accounts has repaired or refused, noted in the history of findings."""

from collections.abc import Iterator

from orgrollout.drift.finding import FindingKind
from orgrollout.drift.history import Record, Records
from orgrollout.model.ids import Digest, Pair
from orgrollout.plan.repair import Repair, below
from orgrollout.reconcile.finding_history import history, remember_refusals, remember_repairs
from orgrollout.reconcile.rollouts import Rollout
from orgrollout.reconcile.world import World
from orgrollout.rollout.failures import FailureClass
from orgrollout.rollout.state import Flight, RolloutState


def note_repairs(before: Rollout, after: RolloutState, world: World) -> None:
    """Note what the operations that are over in ``after`` have repaired, and under which id.

    To be called before ``after`` is committed: noting it twice changes nothing, and so a crash in
    between loses nothing. What came back was repaired, too: so it shows that it came back.
    """
    flying = {flight.id for flight in after.flights}
    for flight in before.state.flights:
        repair = before.plan.operations[flight.piece.planned].repair
        if repair is not None and flight.id not in flying:
            _note(flight, repair, before, after, world)


def _note(
    flight: Flight, repair: Repair, before: Rollout, after: RolloutState, world: World
) -> None:
    failed = {
        failure.pair: failure
        for failure in after.failures
        if failure.planned == flight.piece.planned and failure.kind is not FailureClass.CAME_BACK
    }
    planned = before.plan.operations[flight.piece.planned]
    name = before.plan.stack_sets[planned.stack_set].name
    records = history(world.journal, name)
    if keys := list(_of(records, repair, flight.piece.pairs - failed.keys())):
        remember_repairs(world, name, keys, flight.id)
    for pair in flight.piece.pairs & failed.keys():
        if failed[pair].kind is FailureClass.REFUSED:
            keys = list(_of(records, repair, frozenset({pair})))
            remember_refusals(world, name, keys, failed[pair].reason)


def _of(records: Records, repair: Repair, done: frozenset[Pair]) -> Iterator[Digest]:
    for key, record in records.items():
        if record.pair in done and record.gone is None and _is_of(record, repair):
            yield key


def _is_of(record: Record, repair: Repair) -> bool:
    if repair.check is not None:
        return record.kind is FindingKind.POSTURE and record.what == repair.check.label
    name = f"{record.what}{record.path}"
    return (
        record.kind is FindingKind.RESOURCE
        and record.what in repair.resources
        and not any(below(name, kept) for kept in repair.keeps)
    )
