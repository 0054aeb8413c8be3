"""Beginning a rollout: claim the stack sets, all or none, and record it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from orgrollout.errors import OrgRolloutError
from orgrollout.journal.conflicts import until_written
from orgrollout.journal.port import Journal, put_artifact, to_text
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.model.logs import log_of
from orgrollout.plan.checks.plan_rules import refused_by_rules
from orgrollout.plan.model.document import plan_document
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents import claims
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollout_events import Said
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS, Record
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import (
    Rollout,
    claims_of,
    has,
    holds,
    load_rollout,
    rollout_ids,
    save_order,
)
from orgrollout.reconcile.locks.takeover import give_up, settle
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.state import Phase

_LOG = log_of(__name__)
BUSY = frozenset({Phase.RUNNING, Phase.STOPPING, Phase.VERIFYING})


class NewerRolloutError(OrgRolloutError):
    """Taking a rollout back would undo a later one, too. Nothing was started."""

    def __init__(self, rollout: RolloutId, other: RolloutId, stack_set: StackSetName) -> None:
        super().__init__(
            f"{claims.called(stack_set)} is {other}'s since {rollout} ended, and taking {rollout} "
            f"back would undo that, too; nothing was started. `orgrollout rollback {other}` takes "
            "that one back; to go further back, plan the manifest of then."
        )
        self.other = other


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """From whom a new rollout may take stack sets over, for good."""

    over: frozenset[RolloutId] = frozenset()
    back: RolloutId | None = None  # what it takes back, and then from no other


def begin_rollout(
    plan: Plan, context: Context, *, supersede: bool = False, takes_back: RolloutId | None = None
) -> Rollout:
    """Record a new rollout of the plan and return it. Nothing is sent yet.

    With ``supersede``, other rollouts that hold stack sets of the plan give them up for good. They
    must not be running any more: an operation of theirs would change what was planned upon. So does
    the rollout that the plan ``takes_back``, and no other one.

    Raises:
        OpenRolloutError: Another one holds stack sets of this plan. Nothing is left behind.
        PlanRefusedError: A rule of the manifest refuses it.
        NewerRolloutError: Another one has claimed them since the one that is to be taken back.
    """
    if plan.refused:
        raise refused_by_rules(plan)
    journal, names = context.journal, claims_of(plan)
    taking = _taking(journal, names, context, supersede=supersede, takes_back=takes_back)
    content = to_text(plan_document(plan))
    digest = put_artifact(journal, content)
    who = context.connection.identity.arn
    number = max(_numbers(journal, plan.manifest), default=0)
    while True:
        number += 1
        rollout = RolloutId(f"{plan.manifest}-{number}")
        _take(journal, names, rollout, taking)
        now = context.clock.now()
        state = operator_commands.begin(plan, digest, rollout, now, by=who, takes_back=takes_back)
        begun = _record(journal, plan, Record(begun_by=context.holder, state=state))
        if begun is not None:
            put_artifact(journal, content)  # a `journal prune` may have come between
            confirmed = _confirmed(journal, begun, context, taking)
            _LOG.info("claimed %s", ", ".join(sorted(names)), extra={"rollout": rollout})
            return confirmed


def holders_of(journal: Journal, names: Iterable[StackSetName]) -> Mapping[StackSetName, RolloutId]:
    """Return which of the stack sets are held, and by which rollouts."""
    names = frozenset(names)
    _claim_for_older(journal, frozenset(n for n in names if not claims.is_of_repairs(n)))
    return claims.holders(journal, names, partial(holds, journal))


def unlock(
    journal: Journal, rollout: RolloutId, said: Said | None = None
) -> tuple[StackSetName, ...]:
    """Take all claims and the lease away from a rollout by force, and return what it had claimed.

    Whatever still drives it can send nothing more. It may go on by an operator's order, as long as
    no other rollout has begun on its stack sets.
    """

    def attempt() -> tuple[StackSetName, ...]:
        current = load_rollout(journal, rollout)
        released = claims.release_claims(journal, claims_of(current.plan), rollout)
        record = replace(current.record, fence=current.record.fence + 1, lease=None)
        save_order(journal, current, record, said)
        _LOG.info("unlocked: claims and lease taken away", extra={"rollout": rollout})
        return released

    return until_written(attempt)


def _taking(
    journal: Journal,
    names: frozenset[StackSetName],
    context: Context,
    *,
    supersede: bool,
    takes_back: RolloutId | None,
) -> Taking:
    """Return from whom stack sets are taken over, if no other rollout is in the way now."""
    holding = holders_of(journal, names)
    if takes_back is not None:
        others = {takes_back: min(names)}
    else:
        others = {other: name for name, other in holding.items()}
    for other, stack_set in others.items():
        stands_still = load_rollout(journal, other).state.phase.is_over
        if not stands_still or not (supersede or takes_back):
            raise OpenRolloutError(other, stack_set)
    for stack_set, other in _at_work(journal, names):
        raise OpenRolloutError(other, stack_set)
    for other in others:  # a takeover that was interrupted is completed now
        settle(load_rollout(journal, other), context)
    return Taking(over=frozenset(others), back=takes_back)


def _take(
    journal: Journal, names: frozenset[StackSetName], rollout: RolloutId, taking: Taking
) -> None:
    held = claims.take_claims(
        journal,
        names,
        rollout,
        partial(holds, journal),
        in_the_way=partial(has if taking.back else holds, journal),
        gives_way=taking.over,
    )
    for stack_set, other in held.items():
        if taking.back:
            raise NewerRolloutError(taking.back, other, stack_set)
        raise OpenRolloutError(other, stack_set)
    for stack_set, other in _at_work(journal, names):
        raise OpenRolloutError(other, stack_set)


def _at_work(
    journal: Journal, names: frozenset[StackSetName]
) -> Iterator[tuple[StackSetName, RolloutId]]:
    """Yield the rollouts that are just changing the same stacks, by the other claim on them."""
    for claim, other in holders_of(journal, map(claims.counterpart_of, names)).items():
        if load_rollout(journal, other).state.phase in BUSY:
            yield claim, other


def _record(journal: Journal, plan: Plan, record: Record) -> Rollout | None:
    """Write the record of a new rollout; return None if its id is another's by now."""
    version = ROLLOUTS.offer(journal, record.state.id, record, None)
    if version is None:
        found = ROLLOUTS.get(journal, record.state.id)
        if found is None or found.value.begun_by != record.begun_by:
            return None
        # It was written, the response was lost, and another process has advanced it already.
        return load_rollout(journal, record.state.id)
    return Rollout(plan=plan, record=record, version=version)


def _confirmed(journal: Journal, begun: Rollout, context: Context, taking: Taking) -> Rollout:
    """Return the rollout if it has all its claims for good; else give it up, and say for whom."""
    name, names = begun.state.id, claims_of(begun.plan)
    try:
        _take(journal, names, name, taking)
        settle(begun, context)
    except (OpenRolloutError, NewerRolloutError) as error:
        give_up(name, error.other, context)
        claims.give_back(journal, names, name)
        raise
    return begun


def _claim_for_older(journal: Journal, names: frozenset[StackSetName]) -> None:
    """Claim for rollouts that were begun before there were claims what is theirs."""
    unclaimed = {name for name in names if claims.claim_of(journal, name).version is None}
    if not unclaimed:
        return
    for summary in summaries(journal):
        rollout = load_rollout(journal, summary.id) if summary.holds else None
        if rollout is not None and not rollout.record.begun_by:
            mine = unclaimed & claims_of(rollout.plan)
            claims.take_claims(journal, mine, rollout.state.id, partial(holds, journal))


def _numbers(journal: Journal, manifest: str) -> list[int]:
    found = (rollout.rpartition("-") for rollout in rollout_ids(journal))
    return [int(number) for name, _, number in found if name == manifest]
