"""Operations in member accounts: looked at, and worked on, in the accounts themselves.

What this process knows besides is only what spares it calls: which repairs have ended, and for what
it has asked. Another process finds the same in AWS.
"""

from collections.abc import Callable
from functools import partial

from orgrollout.aws.transport.connection import Connection
from orgrollout.model.cause import Cause
from orgrollout.model.ids import Pair
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.repair_calls import carry_out
from orgrollout.reconcile.member_accounts.repair_looks import observe
from orgrollout.reconcile.member_accounts.repair_place import Place
from orgrollout.reconcile.member_accounts.service import (
    Answer,
    Answered,
    Denied,
    Unreachable,
    raise_outage,
)
from orgrollout.rollout.member_accounts.concurrency import at_once, window
from orgrollout.rollout.member_accounts.repair_observation import Look, RepairObservation, failed
from orgrollout.rollout.member_accounts.repair_steps import next_step
from orgrollout.rollout.state.decision import MemberAccountObservation, WorkInMemberAccounts
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.state.state import InFlightOperation


def observe_repairs(
    in_flight: InFlightOperation, plan: Plan, context: Context
) -> MemberAccountObservation:
    """Return how the repairs of an operation stand: those that have ended, and those in the window.

    Raises:
        PassingError: No account could be asked at all.
        InvalidCredentialsError: The caller's own credentials have expired.
    """
    place = Place(in_flight.id, in_flight.pending.planned, plan, context, in_flight.committed)
    size = at_once(plan, place.planned)
    found: dict[Pair, NextStep] = {}
    while new := [
        pair
        for pair in window(in_flight.pending.pairs, place.memory.ended, size)
        if pair not in found
    ]:
        looked = list(place.members().map(new, partial(observe, place), pair_of=_itself))
        raise_outage([answer for _, answer in looked])
        for pair, answer in looked:
            now = context.clock.now()
            seen = place.memory.looked(pair, _observation(answer), now)
            step = next_step(Look(repair=place.repair, name=in_flight.id, now=now, seen=seen))
            known = place.memory.ended if step.step.is_end else found
            known[pair] = step
    return MemberAccountObservation(ended=dict(place.memory.ended), open=found)


def do_repairs(
    work: WorkInMemberAccounts, plan: Plan, context: Context, guard: Callable[[], None]
) -> None:
    """Do the next step of each repair; what AWS refuses for good has failed.

    ``guard`` is asked right before each request; what it raises prevents it, and is raised.
    """
    place = Place(work.id, work.pending.planned, plan, context)
    steps: dict[Pair, Step | None] = {**work.steps, **dict.fromkeys(sorted(work.discards))}

    def do(connection: Connection, pair: Pair) -> None:
        carry_out(pair, steps[pair], place, connection)

    done = list(place.members(guard).map(steps, do, pair_of=_itself))
    for pair, answer in done:
        if isinstance(answer, Denied):
            place.memory.ended[pair] = _end_by(answer, steps[pair])
    raise_outage([answer for _, answer in done])


def _observation(answer: Answer[RepairObservation]) -> RepairObservation:
    match answer:
        case Answered(seen):
            return seen
        case Unreachable():
            return RepairObservation(unreachable=True)
        case Denied():
            return RepairObservation(failed=_end_by(answer))


def _itself(pair: Pair) -> Pair:
    return pair


def _end_by(denied: Denied, step: Step | None = None) -> NextStep:
    """Return the end of a repair by a refusal, in AWS's words where it is AWS's verdict."""
    if denied.at_entry:
        why = f"no way into the account: {denied.reason}"
        return failed(Cause.NO_WAY_IN, why, said=denied.reason)
    if step is Step.BEGIN:
        return failed(Cause.CHANGE_SET_FAILED, denied.reason, said=denied.reason)
    return NextStep(Step.FAILED, denied.reason)
