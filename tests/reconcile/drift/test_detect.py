"""A detection is started once, found again after a crash, and disturbs no other process."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drivers.detecting import detect
from orgrollout.drivers.local import drive
from orgrollout.inventory.watermark import DRIFT
from orgrollout.journal.errors import JournalVersionError
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.model.operation_id import is_own_detection, read_operation_id
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.detections import WITHDRAWN, forget_ended, read_intent
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.reconcile.drift.detect import DetectionPhase, DetectionStep, detect_step
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.drift import stack
from tests.drivers.support import Dead, HeldUpJournal
from tests.stage import PROD, US, Stage, organization

NAME = StackSetName("base-topics")
HERE = Pair(PROD[0], US)
PATIENCE = timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(stack.manifest(made))
        stack.rename_topic(made, HERE)
        yield made


def run(stage: Stage, context: Context | None = None, **options: Any) -> list[DetectionStep]:
    """Look for drift to the end, in a process of its own, and return all steps."""
    steps: list[DetectionStep] = []
    detect(
        [NAME],
        context or stage.context(),
        steps.append,
        lambda _error, _pause: None,
        **{"patience": PATIENCE, **options},
    )
    return steps


def detections(stage: Stage) -> list[str]:
    return [o.id for o in stage.sandbox.operations(NAME) if o.action == DRIFT]


def phases(steps: list[DetectionStep]) -> list[DetectionPhase]:
    return list(dict.fromkeys(step.phase for step in steps))


def test_a_detection_runs_everywhere_at_full_speed_under_a_recognisable_id(stage: Stage) -> None:
    steps = run(stage)

    assert phases(steps) == [DetectionPhase.RUNNING, DetectionPhase.ENDED]
    (operation,) = detections(stage)
    assert is_own_detection(operation)
    assert read_operation_id(operation) is None  # it applied no state
    intent = read_intent(stage.context().journal, NAME)
    assert intent is not None
    assert (intent.operation, intent.ended) == (operation, "SUCCEEDED")
    client = stage.sandbox.session().client("cloudformation")
    described = client.describe_stack_set_operation(StackSetName=NAME, OperationId=operation)
    sent = described["StackSetOperation"]["OperationPreferences"]
    assert sent["RegionConcurrencyType"] == "PARALLEL"
    assert (sent["MaxConcurrentPercentage"], sent["FailureTolerancePercentage"]) == (100, 100)
    found = stack.gather(stage, stack.manifest(stage))
    assert [f.pair for f in found.findings] == [HERE]
    assert stage.plan(stack.manifest(stage)).is_empty


def test_each_run_starts_a_new_detection(stage: Stage) -> None:
    run(stage)
    run(stage)

    assert len(set(detections(stage))) == 2


@pytest.mark.parametrize(
    "fault",
    [
        "lose_response",
        pytest.param("throttle", marks=pytest.mark.slow),
        pytest.param("server_error", marks=pytest.mark.slow),
    ],
)
def test_a_lost_or_late_response_starts_no_detection_twice(stage: Stage, fault: str) -> None:
    getattr(stage.sandbox, fault)("DetectStackSetDrift")

    assert run(stage)[-1].phase is DetectionPhase.ENDED
    assert len(detections(stage)) == 1


def test_a_crash_after_the_commit_resumes_a_detection_under_the_same_id(
    stage: Stage,
) -> None:
    def die() -> None:
        raise Dead

    context = stage.context()
    dying = Context(
        connection=context.connection,
        stack_sets=context.stack_sets,
        journal=HeldUpJournal(context.journal, "detection/", die),
        clock=context.clock,
    )
    with pytest.raises(Dead):
        run(stage, dying)
    intent = read_intent(stage.context().journal, NAME)
    assert intent is not None
    assert detections(stage) == []

    run(stage)

    assert detections(stage) == [intent.operation]


def test_a_crash_during_a_detection_is_resumed_without_sending_it_again(stage: Stage) -> None:
    first = detect_step(NAME, stage.context())

    steps = run(stage)

    assert steps[-1].phase is DetectionPhase.ENDED
    assert [s.intent.operation for s in steps if s.intent] == [detections(stage)[0]] * len(steps)
    assert first.intent is not None
    assert len(detections(stage)) == 1


def test_two_processes_at_once_start_one_detection(stage: Stage) -> None:
    one, two = stage.context(), stage.context()
    steps: list[DetectionStep] = []
    held_up = Context(
        connection=one.connection,
        stack_sets=one.stack_sets,
        journal=HeldUpJournal(one.journal, "detection/", lambda: steps.append(_step(two))),
        clock=one.clock,
    )

    steps.append(_step(held_up))
    steps += run(stage)

    assert len(detections(stage)) == 1
    assert {s.intent.operation for s in steps if s.intent} == set(detections(stage))


def _step(context: Context) -> DetectionStep:
    return detect_step(NAME, context)


def test_a_detection_begins_after_a_rollout_was_stopped_and_not_while_it_runs(
    stage: Stage,
) -> None:
    wanted = stack.manifest(stage, regions=["us-east-1"])
    rollout = stage.begin(wanted, allow_removals=9)

    (step,) = run(stage)
    assert (step.phase, step.held_by) == (DetectionPhase.YIELDING, rollout)
    assert read_intent(stage.context().journal, NAME) is None

    give_order(stage.context().journal, rollout, lambda r: operator_commands.stop(r.state))
    stage.finish(rollout)
    assert run(stage)[-1].phase is DetectionPhase.ENDED


@pytest.mark.slow
def test_a_rollout_stops_a_detection_in_its_way_and_its_findings_are_used(stage: Stage) -> None:
    # The first looks everywhere; the second is in the way, and stuck where it began.
    run(stage)
    stage.sandbox.slow(seconds=timedelta(minutes=10), times=14, action=DRIFT)
    step = detect_step(NAME, stage.context())
    stage.sandbox.clock.sleep(timedelta(seconds=30))
    wanted = stack.manifest(stage, regions=["us-east-1"])
    rollout = stage.begin(wanted, allow_removals=9)

    over = drive(rollout, stage.context(), lambda t: stage.events.extend(t.events))

    assert over.state.outcome is Outcome.SUCCEEDED
    said = [event.text for event in stage.events if "drift detection of ours" in event.text]
    assert len(said) == 1
    stopped = stage.sandbox.operations(NAME)
    assert [o.status for o in stopped if o.action == DRIFT] == ["SUCCEEDED", "STOPPED"]
    assert detect_step(NAME, stage.context(), step.intent).phase is DetectionPhase.STOPPED
    assert [f.pair for f in stack.gather(stage, wanted).findings] == [HERE]


def test_a_rollout_begun_while_a_detection_waits_is_first(stage: Stage) -> None:
    stage.sandbox.slow(times=1)
    client = stage.sandbox.session().client("cloudformation")
    client.detect_stack_set_drift(StackSetName=NAME)
    waiting = detect_step(NAME, stage.context())
    assert waiting.phase is DetectionPhase.WAITING
    rollout = stage.begin(stack.manifest(stage, regions=["us-east-1"]), allow_removals=9)

    step = detect_step(NAME, stage.context(), waiting.intent)

    assert (step.phase, step.held_by) == (DetectionPhase.YIELDING, rollout)
    stage.sandbox.run_to_end()
    assert detect_step(NAME, stage.context()).phase is DetectionPhase.YIELDING
    assert len(detections(stage)) == 1  # that of others


def test_a_detection_waits_for_an_operation_of_others_and_says_so(stage: Stage) -> None:
    stage.sandbox.slow(times=1)
    client = stage.sandbox.session().client("cloudformation")
    foreign = client.detect_stack_set_drift(StackSetName=NAME)["OperationId"]

    steps = run(stage)

    assert phases(steps) == [
        DetectionPhase.WAITING,
        DetectionPhase.RUNNING,
        DetectionPhase.ENDED,
    ]
    assert steps[0].held_by == f"DETECT_DRIFT {foreign}"
    assert len(detections(stage)) == 2


def test_a_detection_waits_no_longer_than_requested(stage: Stage) -> None:
    stage.sandbox.stuck(times=1)
    client = stage.sandbox.session().client("cloudformation")
    client.detect_stack_set_drift(StackSetName=NAME)
    before = stage.sandbox.clock.now()

    steps = run(stage, patience=timedelta(minutes=10))

    assert phases(steps) == [DetectionPhase.WAITING]
    assert stage.sandbox.clock.now() - before < timedelta(minutes=11)
    intent = read_intent(stage.context().journal, NAME)
    assert intent is not None
    assert intent.ended == WITHDRAWN


@pytest.mark.slow
def test_a_detection_survives_an_outage_of_ten_minutes(stage: Stage) -> None:
    stage.sandbox.server_error("DescribeStackSetOperation", times=25)
    waited: list[timedelta] = []

    ended = detect(
        [NAME],
        stage.context(),
        lambda _: None,
        lambda _error, pause: waited.append(pause),
        patience=PATIENCE,
    )

    assert ended[NAME].phase is DetectionPhase.ENDED
    assert waited
    assert len(detections(stage)) == 1


def test_a_detection_of_a_newer_version_is_left_alone_and_fails_no_plan(stage: Stage) -> None:
    journal = stage.context().journal
    journal.put(f"detection/{NAME}", {"format_version": 2}, expected=None)

    with pytest.raises(JournalVersionError):
        run(stage)
    assert forget_ended(journal, NEVER) == 0
    assert stage.plan(stack.manifest(stage)).is_empty
    assert detections(stage) == []


def test_a_deleted_stack_set_ends_its_detection(stage: Stage) -> None:
    context = stage.context()
    step = detect_step(StackSetName("base-never"), context)

    assert step.phase is DetectionPhase.GONE
    assert forget_ended(context.journal, context.clock.now()) == 0  # lists may lag behind it
    assert forget_ended(context.journal, NEVER) == 1
    assert read_intent(context.journal, StackSetName("base-never")) is None
