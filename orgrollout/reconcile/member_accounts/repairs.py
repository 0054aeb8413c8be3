"""Operations in member accounts: looked at, and worked on, in the accounts themselves.

What this process knows besides is only what spares it calls: which repairs have ended, and for what
it has asked. Another process finds the same in AWS.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from orgrollout import errors
from orgrollout.aws.member_accounts import posture, remediation
from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.aws.transport.connection import ASSUME_ROLE, Connection
from orgrollout.errors import AwsError
from orgrollout.model.cause import Cause
from orgrollout.model.ids import OperationId, Pair
from orgrollout.model.stack_arn import place_of_stack
from orgrollout.plan.model.plan import Plan
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen, without
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.access import enter
from orgrollout.reconcile.process.parallel import spread
from orgrollout.reconcile.process.repair_cache import InsideMemory
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
        self.memory = context.inside.setdefault(operation, InsideMemory())
        self.context = context
        self._way = _given(plan.inside)
        stacks = plan.stack_sets[self.planned.stack_set].stacks
        self._stacks = {place_of_stack(arn): arn for arn in stacks}

    def enter(self, pair: Pair) -> Connection:
        """Return a connection into an account and Region that may write."""
        return enter(pair, self._way, self.context)

    def stack(self, pair: Pair) -> str | None:
        """Return the id of the stack there; None: there was none any more when this was planned."""
        return self._stacks.get(pair)


def look_inside(
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
        looked = spread(new, lambda pair: _look(pair, place), at_once=context.at_once)
        for pair, answer in _answered(looked):
            now = context.clock.now()
            seen = place.memory.looked(pair, answer, now)
            step = next_step(Look(repair=place.repair, name=in_flight.id, now=now, seen=seen))
            known = place.memory.ended if step.step.is_end else found
            known[pair] = step
    return MemberAccountObservation(ended=dict(place.memory.ended), open=found)


def work_inside(
    work: WorkInMemberAccounts, plan: Plan, context: Context, guard: Callable[[], None]
) -> None:
    """Do the next step of each repair; what AWS refuses for good has failed.

    ``guard`` is asked right before each request; what it raises prevents it, and is raised.
    """
    place = _Place(work.id, work.pending.planned, plan, context)
    alone = threading.Lock()

    def guarded() -> None:
        with alone:
            guard()

    def do(item: tuple[Pair, Step | None]) -> NextStep | AwsError | None:
        pair, step = item
        with context.connection.guarded(guarded):
            return _tried(pair, step, place)

    steps: list[tuple[Pair, Step | None]] = [*work.steps.items()]
    steps += [(pair, None) for pair in sorted(work.discards)]
    done = list(spread(steps, do, at_once=context.at_once))
    for (pair, _), answer in done:
        if isinstance(answer, NextStep):
            place.memory.ended[pair] = answer
    passing = [answer for _, answer in done if isinstance(answer, AwsError)]
    if passing and len(passing) == len(done):
        raise passing[0]


def _answered(
    looked: Iterable[tuple[Pair, RepairObservation | AwsError]],
) -> Iterable[tuple[Pair, RepairObservation]]:
    """Return what was seen; where no account could be asked at all, that is an outage."""
    answers = list(looked)
    passing = [answer for _, answer in answers if isinstance(answer, AwsError)]
    if passing and len(passing) == len(answers):
        raise passing[0]
    return [
        (pair, RepairObservation(unreachable=True) if isinstance(answer, AwsError) else answer)
        for pair, answer in answers
    ]


def _look(pair: Pair, place: _Place) -> RepairObservation | AwsError:
    try:
        return _seen(pair, place, place.enter(pair))
    except errors.PassingError as error:
        return error
    except AwsError as error:
        return RepairObservation(failed=_end_by(error))


def _end_by(error: AwsError, step: Step | None = None) -> NextStep:
    """Return the end of a repair by an error, in AWS's words where it is AWS's verdict.

    Raises:
        InvalidCredentialsError: It is no matter of the account: the caller has to sign in again.
    """
    if error.api != ASSUME_ROLE:
        if step is Step.BEGIN:
            return failed(Cause.CHANGE_SET_FAILED, str(error), said=str(error))
        return NextStep(Step.FAILED, str(error))
    if isinstance(error, errors.InvalidCredentialsError | errors.MissingCredentialsError):
        raise error
    return failed(Cause.NO_WAY_IN, f"no way into the account: {error}", said=str(error))


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
    except (errors.CredentialsError, errors.PassingError):
        raise
    except AwsError as error:
        return Remediations(unread=str(error), since=place.committed)
    return Remediations(executions=went, since=place.committed)


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


def _tried(pair: Pair, step: Step | None, place: _Place) -> NextStep | AwsError | None:
    """Do one step; return why it can never be done, or that it could not be done just now."""
    try:
        _do(pair, step, place)
    except errors.PassingError as error:
        return error
    except AwsError as error:
        return _end_by(error, step)
    return None


def _do(pair: Pair, step: Step | None, place: _Place) -> None:
    connection = place.enter(pair)
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
