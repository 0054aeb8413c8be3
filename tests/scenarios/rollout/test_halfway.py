"""A halted update: the first wave has the new template, and no other account is touched."""

from typing import Any

from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.report.layout.blocks import Line
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.rollout.coverage import CoverageState
from orgrollout.rollout.state.state import Outcome
from tests.scenarios.manifests import DENIED, EVERYWHERE, with_waves
from tests.stage import EU, PROD, Stage, changed


def halted_manifest() -> dict[str, Any]:
    manifest = with_waves({"name": "canary", "sample": {"per_ou": 1}})
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
    return manifest


def test_a_halt_names_the_remaining_pairs_and_warns_of_a_console_retry(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.fail("p2", "eu-west-1", times=None, reason=DENIED, action="UPDATE")

    halted = stage.apply(halted_manifest())

    assert halted.state.outcome is Outcome.HALTED
    canary = {p for o in halted.plan.operations if o.wave == 1 for p in o.rectangle.pairs}
    later = EVERYWHERE - canary
    now = stage.sandbox.clock.now()
    said = [b.text for b in rollout_blocks(halted.plan, halted.state, now) if isinstance(b, Line)]
    (warning,) = [line for line in said if "console" in line]
    assert f"base-topics: {len(later)} stack instances of later waves are OUTDATED" in warning
    assert {stage.display_name(pair) for pair in later} == {"a-b"}

    rows = stage.coverage(halted_manifest(), halted)
    assert {rows[pair].state for pair in later} == {CoverageState.OUTDATED}
    assert all("nothing is pending" in rows[pair].reason for pair in later)
    assert rows[Pair(PROD[1], EU)].state is CoverageState.FAILED


def test_an_apply_of_the_old_manifest_changes_only_the_first_wave(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.fail("p2", "eu-west-1", times=1, reason=DENIED, action="UPDATE")
    halted = stage.apply(halted_manifest())
    canary = {p for o in halted.plan.operations if o.wave == 1 for p in o.rectangle.pairs}

    back = stage.plan()

    assert changed(back, OperationAction.UPDATE) == canary
    rows = stage.coverage()
    assert {rows[pair].state for pair in EVERYWHERE - canary} == {CoverageState.CURRENT}
