"""Operations in member accounts: looked at, and worked on, in the accounts themselves.

What this process knows besides is only what spares it calls: which repairs have ended, and for what
it has asked. Another process finds the same in AWS.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from orgrollout import errors
from orgrollout.aws.member_accounts import automations, posture, remediation
from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError
from orgrollout.model.cause import Cause
from orgrollout.model.ids import OperationId, Pair
from orgrollout.model.remediation import Execution
from orgrollout.model.stack_arn import place_of_stack
from orgrollout.plan.model.plan import Plan
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen, without
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.service import (
    Answer,
    Answered,
    Denied,
    MemberAccounts,
    Unreachable,
    raise_outage,
)
from orgrollout.reconcile.process.repair_cache import RepairMemory
from orgrollout.rollout.member_accounts.call_steps import starts_remediations
from orgrollout.rollout.member_accounts.concurrency import at_once, window
from orgrollout.rollout.member_accounts.remediation import Remediations
from orgrollout.rollout.member_accounts.repair_observation import Look, RepairObservation, failed
from orgrollout.rollout.member_accounts.repair_steps import next_step
from orgrollout.rollout.state.decision import MemberAccountObservation, WorkInMemberAccounts
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.state.state import InFlightOperation

_T = TypeVar("_T")


class _Place:
    """One operation, and the way into its accounts."""

    def __init__(
        self,
        operation: OperationId,
        planned: int,
        plan: Plan,
        context: Context,
        committed: datetime | None = None,
    ) -> None:
        self.id = operation
        self.committed = committed
        self.planned = plan.operations[planned]
        self.repair = _given(self.planned.repair)
        self.memory = context.repairs.setdefault(operation, RepairMemory())
        self.context = context
        self._role = _given(plan.member_role)
        stacks = plan.stack_sets[self.planned.stack_set].stacks
        self._stacks = {place_of_stack(arn): arn for arn in stacks}

    def members(self, guard: Callable[[], None] | None = None) -> MemberAccounts:
        """Return the accounts, entered so that they can be changed; each request asks ``guard``."""
        return MemberAccounts(
            self.context.connection,
            self._role,
            at_once=self.context.at_once,
            read_only=False,
            guard=guard,
        )

    def observe(self, connection: Connection, pair: Pair) -> RepairObservation:
        """Return what is seen of a repair."""
        return _seen(pair, self, connection)

    def stack(self, pair: Pair) -> str | None:
        """Return the id of the stack there; None: there was none any more when this was planned."""
        return self._stacks.get(pair)


def observe_repairs(
    in_flight: InFlightOperation, plan: Plan, context: Context
) -> MemberAccountObservation:
    """Return how the repairs of an operation stand: those that have ended, and those in the window.

    Raises:
        PassingError: No account could be asked at all.
        InvalidCredentialsError: The caller's own credentials have expired.
    """
    place = _Place(in_flight.id, in_flight.pending.planned, plan, context, in_flight.committed)
    size = at_once(plan, place.planned)
    found: dict[Pair, NextStep] = {}
    while new := [
        pair
        for pair in window(in_flight.pending.pairs, place.memory.ended, size)
        if pair not in found
    ]:
        looked = list(place.members().map(new, place.observe, pair_of=_itself))
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
    place = _Place(work.id, work.pending.planned, plan, context)
    steps: dict[Pair, Step | None] = {**work.steps, **dict.fromkeys(sorted(work.discards))}

    def do(connection: Connection, pair: Pair) -> None:
        _do(pair, steps[pair], place, connection)

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


def _seen(pair: Pair, place: _Place, connection: Connection) -> RepairObservation:
    if place.repair.check is not None:
        found = posture.look(connection, place.repair.check)
        return RepairObservation(
            posture=found, remediations=_remediations(found, place.repair.check, place, connection)
        )
    stack, stacks = place.stack(pair), MemberStacks(connection)
    if stack is None:
        return RepairObservation()
    detection = place.memory.detections.get(pair)
    if detection is not None:
        return _seen_detection(stack, detection, stacks, place.memory.seen[pair])
    return _seen_stack(stack, place.id, stacks)


def _remediations(
    found: PostureSeen, check: PostureCheck, place: _Place, connection: Connection
) -> Remediations:
    """Return how remediations went, where something is broken that they could repair."""
    if not found.subjects or not starts_remediations(place.repair):
        return Remediations()
    try:
        went = remediation.executions(connection, check, found.subjects)
        went = _explained(connection, went, place.committed)
    except (errors.CredentialsError, errors.PassingError):
        raise
    except AwsError as error:
        return Remediations(unread=str(error), since=place.committed)
    return Remediations(executions=went, since=place.committed)


def _explained(
    connection: Connection, went: tuple[Execution, ...], since: datetime | None
) -> tuple[Execution, ...]:
    """Return executions with what Systems Manager says of those that failed in this try."""
    failed = [
        each
        for each in went
        if each.has_failed and each.invoked is not None and since is not None
        if each.invoked >= since
    ]
    said = automations.explained(connection, failed) if failed else {}
    return tuple(said.get(each.resource, each) for each in went)


def _seen_detection(
    stack: str, detection: str, stacks: MemberStacks, before: RepairObservation
) -> RepairObservation:
    """Return what was seen before the detection, and how far that is."""
    found = stacks.detection(detection)
    ended = found.status == "DETECTION_COMPLETE"
    return replace(before, detection=found, found=stacks.drift(stack) if ended else ())


def _seen_stack(stack: str, name: str, stacks: MemberStacks) -> RepairObservation:
    found = stacks.describe(stack)
    if found is None:
        return RepairObservation()
    executed = found.change_set == name
    made = None if executed else stacks.change_set(stack, name)
    failed = made is not None and made.execution == "EXECUTE_FAILED"
    ended_badly = executed and not found.is_busy and found.status != "UPDATE_COMPLETE"
    return RepairObservation(
        stack=found,
        change_set=made,
        why=stacks.why_it_failed(stack) if failed or ended_badly else "",
    )


def _do(pair: Pair, step: Step | None, place: _Place, connection: Connection) -> None:
    if step in {Step.CALL, Step.EVALUATE}:
        (_call if step is Step.CALL else _evaluate)(pair, place, connection)
        return
    stack, stacks = _given(place.stack(pair)), MemberStacks(connection)
    match step:
        case Step.BEGIN:
            stacks.revert(_given(place.memory.seen[pair].stack), place.id)
        case Step.EXECUTE:
            stacks.execute(stack, place.id)
        case Step.DETECT:
            _detect(pair, stack, stacks, place)
        case None:
            stacks.discard(stack, place.id)


def _detect(pair: Pair, stack: str, stacks: MemberStacks, place: _Place) -> None:
    asked = stacks.detect_drift(stack)
    if asked is not None:
        place.memory.detections[pair] = asked
        made = place.memory.seen[pair].change_set
        if made is not None and made.status == "FAILED":  # it would have changed nothing
            stacks.discard(stack, place.id)
    _note_asked(pair, place)


def _evaluate(pair: Pair, place: _Place, connection: Connection) -> None:
    check, known = _given(place.repair.check), place.memory.seen[pair]
    posture.evaluate(connection, check.arguments["rule"])
    place.memory.evaluation[pair] = known.evaluation.evaluating(_given(known.posture))
    _note_asked(pair, place)


def _call(pair: Pair, place: _Place, connection: Connection) -> None:
    known = place.memory.seen[pair]
    found = without(_given(known.posture), place.repair.keeps)
    subjects = known.evaluation.left(found)
    if starts_remediations(place.repair):
        subjects = known.remediations.to_start(subjects)
    subjects = subjects[: posture.MOST_SUBJECTS]
    if not subjects:
        return
    not_started: tuple[str, ...] = ()
    try:
        posture.repair(connection, _given(place.repair.check), replace(found, subjects=subjects))
    except errors.NotStartedError as error:
        # Another that is at it, such as the rule's own automatic remediation, does as well.
        not_started = error.resources
    _note_started(pair, place, subjects, not_started)
    if known.evaluation.asked:
        place.memory.evaluation[pair] = known.evaluation.remediating(subjects)
    _note_asked(pair, place)


def _note_started(
    pair: Pair, place: _Place, subjects: tuple[str, ...], not_started: tuple[str, ...]
) -> None:
    """Remember what was started, and when the remediation before was invoked."""
    memory = place.memory
    there = memory.seen[pair].remediations.executions
    before = {each.resource: each.invoked for each in there}
    memory.tried[pair] = memory.tried.get(pair, frozenset()) | {*subjects}
    started = {each: before.get(each) for each in subjects if each not in not_started}
    memory.started[pair] = {**memory.started.get(pair, {}), **started}


def _note_asked(pair: Pair, place: _Place) -> None:
    place.memory.asked[pair] = place.context.clock.now()


def _given(value: _T | None) -> _T:
    """Return what every plan of such an operation has."""
    if value is None:
        raise ValueError("an operation in member accounts without repair or role")
    return value
