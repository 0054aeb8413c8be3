"""Two ways to send a definition, and the result if AWS does not behave as assumed.

That UpdateStackInstances applies the stack set's definition is inferred. Where it does not, the way
that relies on it must say so, and the other one must work.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.reconcile.lifecycle.rollback import begin_rollback
from orgrollout.report.layout.blocks import Line
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.stage import BASE, DEV, EU, PROD, US, Stage, changed, organization, pairs

Staging = Callable[..., AbstractContextManager[Stage]]
ALL = (*PROD, *DEV)


@pytest.fixture
def staged(tmp_path: Path) -> Staging:
    """BASE is deployed, and AWS behaves as given."""

    @contextmanager
    def made(**settings: Any) -> Iterator[Stage]:
        chosen = Settings(median_duration=timedelta(seconds=20), **settings)
        with Sandbox.start(organization(), settings=chosen) as sandbox:
            stage = Stage(sandbox, tmp_path)
            stage.apply()
            yield stage

    return made


def wanted(way: str | None = None, **topics: Any) -> dict[str, Any]:
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"] |= {"parameters": {"Suffix": "new"}, **topics}
    manifest["rollout"] = {
        "waves": [{"name": "canary", "sample": {"per_ou": 1}}],
        **({"updates_by": way} if way else {}),
    }
    return manifest


def names(stage: Stage, *accounts: str) -> set[str | None]:
    return {stage.display_name(pair) for pair in pairs(ALL) if pair.account in (accounts or ALL)}


def updates(stage: Stage) -> list[tuple[str, bool]]:
    """Return every update that was sent, and whether it brought a template along."""
    sent = [c for c in stage.sandbox.calls if c.operation in {"UpdateStackSet", UPDATE_INSTANCES}]
    return [(c.operation, "TemplateBody" in c.params) for c in sent]


UPDATE_INSTANCES = "UpdateStackInstances"


@pytest.mark.slow
def test_an_update_that_keeps_the_old_definition_is_no_success(
    staged: Staging,
) -> None:
    with staged(update_instances_definition="previous") as stage:
        rollout = stage.apply(wanted())

        assert rollout.state.outcome is Outcome.FAILURES
        left = {f.pair for f in rollout.state.failed if f.kind is FailureClass.UNPROVEN}
        assert left == {p for p in pairs(ALL) if stage.display_name(p) == "a-b"} != set()
        blocks = rollout_blocks(rollout.plan, rollout.state, stage.sandbox.clock.now())
        told = " ".join(block.text for block in blocks if isinstance(block, Line))
        assert "updates_by: update_stack_set" in told

        other_way = wanted("update_stack_set")
        assert changed(stage.plan(other_way), OperationAction.UPDATE) == left
        assert stage.apply(other_way).state.outcome is Outcome.SUCCEEDED
        assert names(stage) == {"new-b"}


@pytest.mark.parametrize(
    "definition", ["previous", pytest.param("current", marks=pytest.mark.slow)]
)
def test_update_stack_set_works_for_either_behaviour_of_update_stack_instances(
    staged: Staging, definition: str
) -> None:
    """Template and parameters are sent once; the calls after it mark no stack instance OUTDATED."""
    with staged(update_instances_definition=definition) as stage:
        rollout = stage.apply(wanted("update_stack_set"))

        assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
        assert names(stage) == {"new-b"}
        assert updates(stage) == [("UpdateStackSet", True), ("UpdateStackSet", False)]
        last = [c.params for c in stage.sandbox.calls if c.operation == "UpdateStackSet"][-1]
        assert last["UsePreviousTemplate"]
        assert {"Parameters", "Tags"}.isdisjoint(last)
        assert stage.plan(wanted("update_stack_set")).is_empty


@pytest.mark.slow
@pytest.mark.parametrize("definition", ["previous", "current"])
def test_changed_overrides_are_sent_after_the_definition(staged: Staging, definition: str) -> None:
    override = {"targets": {"accounts": [PROD[1]]}, "parameters": {"Other": "own"}}
    with staged(update_instances_definition=definition) as stage:
        manifest = wanted("update_stack_set", parameter_overrides=[override])
        rollout = stage.apply(manifest)

        assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
        assert names(stage, PROD[1]) == {"new-own"}
        assert names(stage, *(a for a in ALL if a != PROD[1])) == {"new-b"}
        assert stage.plan(manifest).is_empty


@pytest.mark.slow
def test_overrides_alone_need_no_definition(staged: Staging) -> None:
    override = {"targets": {"accounts": [PROD[1]]}, "parameters": {"Other": "own"}}
    with staged(update_instances_definition="previous") as stage:
        manifest = wanted("update_stack_set", parameters={}, parameter_overrides=[override])
        rollout = stage.apply(manifest)

        assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
        assert updates(stage) == [(UPDATE_INSTANCES, False)]
        assert names(stage, PROD[1]) == {"a-own"}


def test_a_retry_sends_the_definition_in_the_same_way(staged: Staging) -> None:
    with staged(update_instances_definition="previous") as stage:
        stage.sandbox.fail(PROD[1], "us-east-1", reason="Rate exceeded", times=1)
        rollout = stage.apply(wanted("update_stack_set"))

        assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
        assert {way for way, _ in updates(stage)} == {"UpdateStackSet"}
        assert [sent for _, sent in updates(stage)].count(True) == 1
        assert stage.display_name(Pair(PROD[1], US)) == "new-b"


@pytest.mark.slow
def test_a_rollback_sends_the_definition_in_the_same_way(staged: Staging) -> None:
    override = {"targets": {"accounts": [PROD[1]]}, "parameters": {"Other": "own"}}
    with staged(update_instances_definition="previous") as stage:
        done = stage.apply(wanted("update_stack_set", parameter_overrides=[override]))
        back = stage.finish(begin_rollback(done, stage.context()).state.id)

        assert back.state.outcome is Outcome.SUCCEEDED, back.state.failures
        assert names(stage) == {"a-b"}


@pytest.mark.slow
def test_imported_stacks_get_definition_and_overrides(staged: Staging) -> None:
    with staged(update_instances_definition="previous") as stage:
        gone = {**wanted("update_stack_set"), "targets": {"organizational_units": ["/Prod"]}}
        kept = next(
            i.stack_id
            for i in stage.sandbox.stack_set("base-topics").instances.values()
            if i.pair == (DEV[0], EU)
        )
        stage.apply(gone, allow_removals=2)
        rollout = stage.apply(
            {
                **wanted("update_stack_set", import_stacks=[kept]),
                "targets": {"accounts": [*PROD, DEV[0]]},
                "regions": ["eu-west-1", "us-east-1"],
            },
            narrowing=lambda _: lambda _key, pair: pair == Pair(DEV[0], EU),
        )

        assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
        assert stage.display_name(Pair(DEV[0], EU)) == "new-b"


@pytest.mark.slow
def test_a_rollout_halts_if_omitted_parameters_return_to_their_defaults(staged: Staging) -> None:
    """Neither is documented: the effect must not reach the next wave."""
    with staged(update_instances_definition="previous", omitted_parameters="default") as stage:
        manifest = wanted("update_stack_set")
        manifest["rollout"]["waves"].append({"name": "early", "percent": 60})
        rollout = stage.apply(manifest)

        assert rollout.state.outcome is Outcome.HALTED
        assert "parameter Suffix" in rollout.state.note
