"""What is seen of a repair in the account itself."""

from dataclasses import replace
from datetime import datetime

from orgrollout import errors
from orgrollout.aws.member_accounts import automations, posture, remediation
from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError
from orgrollout.model.ids import Pair
from orgrollout.model.remediation import Execution
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen
from orgrollout.reconcile.member_accounts.repair_place import Place
from orgrollout.rollout.member_accounts.call_steps import starts_remediations
from orgrollout.rollout.member_accounts.remediation import Remediations
from orgrollout.rollout.member_accounts.repair_observation import RepairObservation


def observe(place: Place, connection: Connection, pair: Pair) -> RepairObservation:
    """Return what is seen of a repair."""
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
    found: PostureSeen, check: PostureCheck, place: Place, connection: Connection
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
