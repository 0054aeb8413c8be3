"""A re-sync of stack sets that depend on others, of which it touches only some."""

from typing import Any

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.rollout.state.state import Outcome
from tests.resyncing import GUARD, NAME, deploy, detect, manifest, repair, seek
from tests.stage import PROD, TOPIC, US, Stage

ONE = Pair(PROD[0], US)
SHARED, LAST = StackSetKey("shared"), StackSetKey("last")
# As in the baseline: a stack set that all others need, in an account of its own; and a chain.
CHAINED: dict[str, Any] = manifest(
    targets={"accounts": [PROD[0]]},
    regions=[US],
    stack_sets={
        "shared": {"template": "topic.yaml", "targets": {"accounts": [PROD[2]]}},
        "guard": {"template": "guard.yaml", "depends_on": ["shared"]},
        "roles": {"template": "topic.yaml", "depends_on": ["guard"]},
        "last": {"template": "topic.yaml", "depends_on": ["roles"]},
    },
)


def deployed(stage: Stage) -> None:
    (stage.folder / "topic.yaml").write_text(TOPIC)
    deploy(stage, CHAINED)


def test_an_unchanged_dependency_is_left_out_of_a_resync(stage: Stage) -> None:
    deployed(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)

    sought = seek(stage, CHAINED)

    assert set(sought.resync.plan.stack_sets) == {GUARD}
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(ONE) == "mine-a"


def test_the_order_of_stack_sets_holds_across_one_left_out(stage: Stage) -> None:
    """Roles are repaired before the stacks that need them, although nothing connects the two."""
    deployed(stage)
    for name, pair in ((NAME, ONE), ("base-last", ONE), ("base-shared", Pair(PROD[2], US))):
        stage.sandbox.tamper(*pair, name, "Topic", "/DisplayName", "theirs")
        detect(stage, name=name)

    plan = seek(stage, CHAINED).resync.plan

    depends = {key: set(stack_set.depends_on) for key, stack_set in plan.stack_sets.items()}
    assert depends == {SHARED: set(), GUARD: {SHARED}, LAST: {GUARD}}
    assert [o.stack_set for o in plan.operations] == [SHARED, GUARD, LAST]
    assert [o.wave for o in plan.operations] == [0, 1, 1]
