"""One repair in an account: the next step follows from what AWS says, and from nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.drift import (
    DifferenceType,
    PropertyDifference,
    ResourceDrift,
    ResourceDriftStatus,
)
from orgrollout.model.member_stack import ChangeSet, MemberStack, ResourceChange, StackDetection
from orgrollout.model.operation import OperationAction, ResultStatus
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.check import PostureCheck
from orgrollout.reconcile.process.repair_cache import Wait
from orgrollout.rollout.failures.classify_failure import read
from orgrollout.rollout.member_accounts.change_set_guard import objections_to
from orgrollout.rollout.member_accounts.repair_observation import (
    ASK_AGAIN,
    GIVE_UP,
    GIVE_UP_UPDATE,
    Look,
    RepairObservation,
)
from orgrollout.rollout.member_accounts.repair_steps import ASK_SOON, next_step
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.repair_step import NextStep, Step

ID = "or-base-1-1-a1-0000000000000000-1111111111111111"
NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
REVERT = Repair(action=OperationAction.REVERT, resources=("Topic",), keeps=("Topic/Tags",))
CALL = Repair(action=OperationAction.CALL, check=PostureCheck(name="config-recorder"))
STACK = MemberStack(id="arn", status="CREATE_COMPLETE")
RUNS = StackDetection(status="DETECTION_IN_PROGRESS")
IN_SYNC = StackDetection(status="DETECTION_COMPLETE", is_in_sync=True)
AS_DEPLOYED = ResourceDrift(
    logical_id="Topic",
    physical_id="arn",
    resource_type="AWS::SNS::Topic",
    status=ResourceDriftStatus.IN_SYNC,
)
DRIFTED = StackDetection(status="DETECTION_COMPLETE")
MODIFY = ResourceChange(
    action="Modify",
    logical_id="Topic",
    resource_type="AWS::SNS::Topic",
    replacement="False",
    properties=("/DisplayName",),
)
MADE = ChangeSet(status="CREATE_COMPLETE", execution="AVAILABLE", changes=(MODIFY,))
DONE = replace(STACK, status="UPDATE_COMPLETE", change_set=ID)


def end_of(seen: RepairObservation, repair: Repair = REVERT) -> NextStep:
    return next_step(Look(repair=repair, name=ID, now=NOW, seen=seen))


def look(seen: RepairObservation, repair: Repair = REVERT) -> tuple[Step, str]:
    found = end_of(seen, repair)
    return found.step, found.reason


def kind_of(end: NextStep) -> FailureClass:
    return read(ResultStatus.FAILED, end.reason, own=end.own).kind


def drifted(path: str, stack: MemberStack = DONE) -> RepairObservation:
    difference = PropertyDifference(
        path=path, expected="a", actual="b", kind=DifferenceType.NOT_EQUAL
    )
    left = replace(AS_DEPLOYED, status=ResourceDriftStatus.MODIFIED, differences=(difference,))
    return RepairObservation(stack=stack, detection=DRIFTED, found=(left,))


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (RepairObservation(stack=STACK), Step.BEGIN),
        (RepairObservation(stack=replace(STACK, status="UPDATE_IN_PROGRESS")), Step.WAIT),
        (
            RepairObservation(
                stack=STACK,
                change_set=ChangeSet(status="CREATE_IN_PROGRESS", execution="UNAVAILABLE"),
            ),
            Step.WAIT,
        ),
        (RepairObservation(stack=STACK, change_set=MADE), Step.EXECUTE),
        (RepairObservation(stack=replace(DONE, status="UPDATE_IN_PROGRESS")), Step.WAIT),
        (
            RepairObservation(stack=replace(DONE, status="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")),
            Step.WAIT,
        ),
        (RepairObservation(stack=DONE), Step.DETECT),
        (RepairObservation(stack=DONE, asked=NOW), Step.WAIT),
        (RepairObservation(stack=DONE, detection=RUNS, asked=NOW), Step.WAIT),
        (
            RepairObservation(stack=DONE, detection=IN_SYNC, found=(AS_DEPLOYED,), asked=NOW),
            Step.SUCCEEDED,
        ),
        (RepairObservation(unreachable=True), Step.WAIT),
    ],
)
def test_a_revert_goes_on_from_wherever_it_is(seen: RepairObservation, step: Step) -> None:
    """A process that takes over after a crash sees this and no more."""
    assert look(seen) == (step, "")


def test_a_detection_that_does_not_end_is_asked_for_again_and_then_given_up() -> None:
    long_ago = RepairObservation(
        stack=DONE, detection=RUNS, asked=NOW - ASK_AGAIN, waited=ASK_AGAIN
    )
    too_long = replace(long_ago, waited=GIVE_UP)

    assert look(long_ago)[0] is Step.DETECT
    assert look(too_long) == (Step.FAILED, "drift detection does not end, so nothing is proven")


def test_a_detection_without_a_known_id_is_asked_for_again_soon() -> None:
    """The answer was lost, or another one ran on the stack; neither takes ten minutes."""
    assert look(RepairObservation(stack=DONE, asked=NOW - ASK_SOON))[0] is Step.DETECT


def test_a_detection_that_failed_proves_nothing() -> None:
    failed = StackDetection(status="DETECTION_FAILED", reason="Rate exceeded")
    lately = RepairObservation(stack=DONE, detection=failed, asked=NOW)

    assert look(lately)[0] is Step.WAIT
    assert look(replace(lately, asked=NOW - ASK_AGAIN))[0] is Step.DETECT
    step, reason = look(replace(lately, waited=GIVE_UP))
    assert (step, reason.endswith("Rate exceeded")) == (Step.FAILED, True)


@pytest.mark.parametrize(
    ("seen", "patience", "reason"),
    [
        (
            RepairObservation(
                stack=STACK,
                change_set=ChangeSet(status="CREATE_IN_PROGRESS", execution="UNAVAILABLE"),
            ),
            GIVE_UP,
            "could not: the creation of the change set does not end",
        ),
        (
            RepairObservation(stack=replace(STACK, status="UPDATE_IN_PROGRESS"), change_set=MADE),
            GIVE_UP_UPDATE,
            "could not: the update of the stack does not end",
        ),
        (
            RepairObservation(unreachable=True),
            GIVE_UP,
            "could not: timed out: it could not be read",
        ),
    ],
)
def test_what_does_not_end_is_waited_for_and_then_given_up(
    seen: RepairObservation, patience: timedelta, reason: str
) -> None:
    """A re-sync that never ends would hold its stack sets for ever."""
    just_before = replace(seen, waited=patience - timedelta(seconds=1))

    assert look(just_before) == (Step.WAIT, "")
    assert look(replace(seen, waited=patience)) == (Step.FAILED, reason)


def test_a_clock_that_jumps_has_not_waited() -> None:
    """A laptop that slept, or a clock that was set: only looks show that nothing came of it."""
    wait = Wait(stage="running", looked=NOW)
    for moment in (timedelta(seconds=15), timedelta(days=1), -timedelta(hours=2)):
        wait = wait.goes_on("running", NOW + moment)

    assert wait.total == timedelta(seconds=15) + timedelta(minutes=1)
    assert wait.goes_on("ended", NOW + timedelta(days=2)).total == timedelta()


def test_what_came_back_after_a_change_set_ran_is_not_tried_again() -> None:
    """Another process undoes the repair: a loop would only hide it."""
    end = end_of(drifted("/DisplayName"))

    assert (end.step, end.reason) == (Step.FAILED, "came back: Topic/DisplayName")
    assert end.own == OwnVerdict(cause=Cause.CAME_BACK, resources=("Topic",))
    reading = read(ResultStatus.FAILED, end.reason, own=end.own)
    assert (reading.kind, reading.budget(4)) == (FailureClass.CAME_BACK, 1)
    assert not reading.kind.weighs


@pytest.mark.parametrize("detection", [DRIFTED, IN_SYNC], ids=["drifted", "in sync"])
@pytest.mark.parametrize(
    "status",
    [
        ResourceDriftStatus.NOT_CHECKED,
        ResourceDriftStatus.UNKNOWN,
        ResourceDriftStatus.UNSUPPORTED,
        None,
    ],
)
def test_of_what_was_not_checked_nothing_is_proven(
    detection: StackDetection, status: ResourceDriftStatus | None
) -> None:
    """A stack is called IN_SYNC, or drifted elsewhere, also where a resource was left out."""
    found = (replace(AS_DEPLOYED, status=status),) if status is not None else ()

    assert look(RepairObservation(stack=DONE, detection=detection, found=found)) == (
        Step.FAILED,
        "Topic could not be checked, so nothing is proven",
    )


def test_what_still_looks_unreadable_after_a_change_set_has_not_come_back() -> None:
    """No other process undoes it, where the role that looks twice may not read it either."""
    gone = PropertyDifference(
        path="/DisplayName", expected="a", actual="null", kind=DifferenceType.REMOVE
    )
    left = replace(AS_DEPLOYED, status=ResourceDriftStatus.MODIFIED, differences=(gone,))
    seen = RepairObservation(stack=DONE, detection=DRIFTED, found=(left,))

    end = end_of(seen, replace(REVERT, doubtful=("Topic/DisplayName",)))

    assert (end.step, end.cause) == (Step.FAILED, Cause.UNREAD)
    assert end.reason.startswith("could not be read: Topic/DisplayName")
    assert kind_of(end) is FailureClass.CONFIGURATION
    assert look(seen) == (Step.FAILED, "came back: Topic/DisplayName")


def test_what_is_left_by_a_rule_does_not_count_as_left_over() -> None:
    assert look(drifted("/Tags/0/Value"))[0] is Step.SUCCEEDED


def test_a_change_set_without_changes_proves_nothing_by_itself() -> None:
    """CloudFormation says so also where the drift is there and it cannot revert it."""
    none = ChangeSet(
        status="FAILED",
        execution="UNAVAILABLE",
        reason="The submitted information didn't contain changes. Submit different information.",
    )

    assert look(RepairObservation(stack=STACK, change_set=none))[0] is Step.DETECT
    still = replace(drifted("/DisplayName", STACK), change_set=none)
    assert look(still) == (Step.FAILED, "could not: Topic/DisplayName")


@pytest.mark.parametrize(
    ("seen", "reason", "cause", "kind"),
    [
        (RepairObservation(), "the stack is gone", Cause.STACK_GONE, FailureClass.PERMANENT),
        (
            RepairObservation(
                failed=NextStep(Step.FAILED, "is not authorized to perform: sts:Assume")
            ),
            "sts",
            None,
            FailureClass.CONFIGURATION,
        ),
        (
            RepairObservation(
                stack=replace(DONE, status="UPDATE_ROLLBACK_COMPLETE"), why="Topic: no"
            ),
            "the stack is UPDATE_ROLLBACK_COMPLETE: Topic: no",
            Cause.STACK_FAILED,
            FailureClass.PERMANENT,
        ),
        (
            RepairObservation(
                stack=replace(DONE, status="UPDATE_ROLLBACK_COMPLETE"), why="Topic: Rate exceeded"
            ),
            "the stack is UPDATE_ROLLBACK_COMPLETE: Topic: Rate exceeded",
            Cause.STACK_FAILED,
            FailureClass.THROTTLED,
        ),
        (
            RepairObservation(stack=replace(STACK, status="UPDATE_ROLLBACK_FAILED")),
            "is in UPDATE_ROLLBACK_FAILED state",
            Cause.STACK_STATE,
            FailureClass.PERMANENT,
        ),
        (
            RepairObservation(
                stack=STACK,
                change_set=ChangeSet(
                    status="FAILED", execution="UNAVAILABLE", reason="no such key"
                ),
            ),
            "could not: no such key",
            Cause.CHANGE_SET_FAILED,
            FailureClass.CONFIGURATION,
        ),
        (
            RepairObservation(stack=STACK, change_set=replace(MADE, execution="OBSOLETE")),
            "the stack was changed",
            Cause.CHANGED_MEANWHILE,
            FailureClass.TRANSIENT,
        ),
        (
            RepairObservation(
                stack=STACK, change_set=replace(MADE, execution="EXECUTE_FAILED"), why="Topic: no"
            ),
            "the change set failed: Topic: no",
            Cause.STACK_FAILED,
            FailureClass.PERMANENT,
        ),
    ],
)
def test_what_cannot_go_on_says_why(
    seen: RepairObservation, reason: str, cause: Cause | None, kind: FailureClass
) -> None:
    end = end_of(seen)

    assert (end.step, end.cause) == (Step.FAILED, cause)
    assert reason in end.reason
    assert kind_of(end) is kind


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (replace(MODIFY, action="Remove"), "it would remove Topic"),
        (replace(MODIFY, replacement="True"), "it would replace Topic"),
        (replace(MODIFY, replacement="Conditional"), "it would perhaps replace Topic"),
        (replace(MODIFY, action="Dynamic"), "it would dynamic Topic"),
        (replace(MODIFY, action=""), "it would do something unknown to Topic"),
        (replace(MODIFY, logical_id="Queue"), "it would also touch Queue"),
        (replace(MODIFY, properties=("/Tags",)), "Topic/Tags, which is accepted by a rule"),
        (replace(MODIFY, properties=("/Tags/0",)), "Topic/Tags, which is accepted by a rule"),
        (replace(MODIFY, properties=()), "Topic/Tags, which is accepted by a rule"),
    ],
)
def test_a_change_set_that_would_do_more_is_refused(change: ResourceChange, objection: str) -> None:
    """It is left for a person, in the account, with the reason."""
    end = end_of(RepairObservation(stack=STACK, change_set=replace(MADE, changes=(change,))))

    assert (end.step, end.cause) == (Step.FAILED, Cause.REFUSED)
    assert end.reason.startswith("refused: ")
    assert objection in end.reason
    assert end.own is not None
    assert end.own.resources == (change.logical_id,)
    assert kind_of(end) is FailureClass.REFUSED


def test_a_resource_that_is_brought_back_may_be_added() -> None:
    """Of what is gone, nothing is left that a rule accepts."""
    added = replace(MODIFY, action="Add", replacement="", properties=())

    assert not list(objections_to([added], REVERT))
