"""What a rollout asks CloudFormation for, and when: counted, on the sandbox's clock."""

from collections import Counter
from datetime import timedelta

from orgrollout.rollout.state.state import Phase
from orgrollout.sandbox.call_log import Call
from tests.stage import BASE, TOPIC, Stage

TWO = {
    **BASE,
    "stack_sets": {
        "topics": {"template": "topic.yaml"},
        "more": {"template": "topic.yaml", "depends_on": ["topics"]},
    },
}
NAMES = ("base-more", "base-topics")


def calls_of(stage: Stage, since: int = 0) -> list[Call]:
    """Return the calls to CloudFormation, without the looks at operations."""
    return [
        call
        for call in stage.sandbox.calls[since:]
        if call.service == "cloudformation" and call.operation != "DescribeStackSetOperation"
    ]


def test_stack_instances_are_created_right_after_their_stack_set(stage: Stage) -> None:
    rollout, planned = stage.begin(TWO), len(stage.sandbox.calls)
    began = stage.sandbox.clock.now()

    stage.step(rollout)
    stage.step(rollout)

    calls = calls_of(stage, planned)
    assert [(call.operation, call.stack_set) for call in calls] == [
        *(("DescribeStackSet", name) for name in NAMES),
        *(("CreateStackSet", name) for name in NAMES),
        *(("DescribeStackSet", name) for name in NAMES),
        ("CreateStackInstances", "base-topics"),
    ]
    assert {call.time - began for call in calls} == {timedelta()}


def test_each_stack_set_is_described_once_in_a_look(stage: Stage) -> None:
    rollout, planned = stage.begin(TWO), len(stage.sandbox.calls)

    most = []
    while not stage.load(rollout).state.phase.is_over:
        stage.step(rollout)
        described = Counter(
            call.stack_set
            for call in calls_of(stage, planned)
            if call.operation == "DescribeStackSet"
        )
        most.append(max(described.values(), default=0))
        planned = len(stage.sandbox.calls)

    assert set(most) == {0, 1}


def test_a_new_stack_set_that_others_changed_gets_no_stack_instances(stage: Stage) -> None:
    rollout = stage.begin()
    stage.step(rollout)
    theirs = TOPIC.replace("Default: b", "Default: theirs")
    stage.sandbox.another_user().client("cloudformation").update_stack_set(
        StackSetName="base-topics", TemplateBody=theirs
    )
    stage.sandbox.run_to_end()

    stage.step(rollout)

    state = stage.load(rollout).state
    assert state.phase is Phase.HALTED
    assert "base-topics was changed by another process or person: template" in state.note
    assert "CreateStackInstances" not in stage.writes()


def test_a_rollout_is_proven_with_one_description_of_each_stack_set(stage: Stage) -> None:
    rollout = stage.begin(TWO)
    while stage.load(rollout).state.phase is not Phase.VERIFYING:
        stage.step(rollout)
    before = len(stage.sandbox.calls)

    stage.step(rollout)

    assert stage.load(rollout).state.phase is Phase.FINISHED
    asked = Counter((call.operation, call.stack_set) for call in calls_of(stage, before))
    reads = ("ListStackSetOperations", "DescribeStackSet", "ListStackInstances")
    assert asked == {(read, name): 1 for read in reads for name in NAMES}
