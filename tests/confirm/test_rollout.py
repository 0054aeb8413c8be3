"""A rollout under what `confirm` found out succeeds where the default would not."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from orgrollout.manifest.behaviour import behaviour_text, read_behaviour
from orgrollout.model.behaviour import Value
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.confirm.support import Canary, canary
from tests.stage import BASE, DEV, PROD, Stage, organization, pairs

EVERYWHERE = pairs((*PROD, *DEV))


def changed(**more: Any) -> dict[str, Any]:
    manifest = {**deepcopy(BASE), **more}
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
    manifest["rollout"] = {"waves": [{"name": "canary", "sample": {"per_ou": 1}}]}
    return manifest


def asked(there: Canary, *names: str) -> dict[str, Value]:
    found = there.findings(*names)
    return {name: each.value for name, each in found.items() if each.value is not None}


def test_a_rollout_succeeds_by_what_was_found_out(tmp_path: Path) -> None:
    with canary(update_instances_definition="previous") as there:
        stage = Stage(there.sandbox, tmp_path)
        stage.apply()
        without = stage.plan(changed())
        values = asked(there, "update_instances_definition")
        (tmp_path / "behaviour.yaml").write_text("".join(behaviour_text(values)))
        rollout = stage.apply(changed(behaviour="behaviour.yaml"))

        assert not without.updates_by_stack_set
        assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
        assert {stage.display_name(pair) for pair in EVERYWHERE} == {"new-b"}
        assert stage.plan(changed(behaviour="behaviour.yaml")).is_empty


def test_without_it_the_same_rollout_fails(tmp_path: Path) -> None:
    with canary(update_instances_definition="previous") as there:
        stage = Stage(there.sandbox, tmp_path)
        stage.apply()

        assert stage.apply(changed()).state.outcome is Outcome.FAILURES


def test_a_sandbox_behaves_as_the_file_says(tmp_path: Path) -> None:
    """What was found in one organization is found in a sandbox that takes the file."""
    found: dict[str, Value] = {
        "conflicting_operations": "any",
        "duplicate_operation_id": "raise",
        "executed_change_set": "kept",
        "revert_drift_on_stack_set_stacks": False,
        "skipped_status": "CURRENT",
        "stop_reason": "",
    }
    path = tmp_path / "behaviour.yaml"
    path.write_text("".join(behaviour_text(found)))
    with Sandbox.start(organization(), behaviour=read_behaviour(path).values) as sandbox:
        assert asked(Canary(sandbox), *found) == found
