"""The steps of a repair, as requests in the account itself."""

from dataclasses import replace

from orgrollout import errors
from orgrollout.aws.member_accounts import posture
from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import Pair
from orgrollout.posture.seen import without
from orgrollout.reconcile.member_accounts.repair_place import Place, given
from orgrollout.rollout.member_accounts.call_steps import starts_remediations
from orgrollout.rollout.state.repair_step import Step


def carry_out(pair: Pair, step: Step | None, place: Place, connection: Connection) -> None:
    """Do the next step of a repair; None: discard what was prepared for it."""
    if step in {Step.CALL, Step.EVALUATE}:
        (_call if step is Step.CALL else _evaluate)(pair, place, connection)
        return
    stack, stacks = given(place.stack(pair)), MemberStacks(connection)
    match step:
        case Step.BEGIN:
            stacks.revert(given(place.memory.seen[pair].stack), place.id)
        case Step.EXECUTE:
            stacks.execute(stack, place.id)
        case Step.DETECT:
            _detect(pair, stack, stacks, place)
        case None:
            stacks.discard(stack, place.id)


def _detect(pair: Pair, stack: str, stacks: MemberStacks, place: Place) -> None:
    asked = stacks.detect_drift(stack)
    if asked is not None:
        place.memory.detections[pair] = asked
        made = place.memory.seen[pair].change_set
        if made is not None and made.status == "FAILED":  # it would have changed nothing
            stacks.discard(stack, place.id)
    _note_asked(pair, place)


def _evaluate(pair: Pair, place: Place, connection: Connection) -> None:
    check, known = given(place.repair.check), place.memory.seen[pair]
    posture.evaluate(connection, check.arguments["rule"])
    place.memory.evaluation[pair] = known.evaluation.evaluating(given(known.posture))
    _note_asked(pair, place)


def _call(pair: Pair, place: Place, connection: Connection) -> None:
    known = place.memory.seen[pair]
    found = without(given(known.posture), place.repair.keeps)
    subjects = known.evaluation.left(found)
    if starts_remediations(place.repair):
        subjects = known.remediations.to_start(subjects)
    subjects = subjects[: posture.MOST_SUBJECTS]
    if not subjects:
        return
    not_started: tuple[str, ...] = ()
    try:
        posture.repair(connection, given(place.repair.check), replace(found, subjects=subjects))
    except errors.NotStartedError as error:
        # Another that is at it, such as the rule's own automatic remediation, does as well.
        not_started = error.resources
    _note_started(pair, place, subjects, not_started)
    if known.evaluation.asked:
        place.memory.evaluation[pair] = known.evaluation.remediating(subjects)
    _note_asked(pair, place)


def _note_started(
    pair: Pair, place: Place, subjects: tuple[str, ...], not_started: tuple[str, ...]
) -> None:
    """Remember what was started, and when the remediation before was invoked."""
    memory = place.memory
    there = memory.seen[pair].remediations.executions
    before = {each.resource: each.invoked for each in there}
    memory.tried[pair] = memory.tried.get(pair, frozenset()) | {*subjects}
    started = {each: before.get(each) for each in subjects if each not in not_started}
    memory.started[pair] = {**memory.started.get(pair, {}), **started}


def _note_asked(pair: Pair, place: Place) -> None:
    place.memory.asked[pair] = place.context.clock.now()
