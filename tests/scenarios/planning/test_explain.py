"""The caller of `explain` waits for the result."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Region
from orgrollout.reconcile.advice.explain_account import explain
from tests.stage import BASE, EU, PROD, Stage

SETS: dict[str, Any] = {f"set-{number}": {"template": "topic.yaml"} for number in range(5)}


@pytest.mark.slow
@pytest.mark.parametrize("region", [None, EU], ids=["all Regions", "one Region"])
def test_explain_for_several_stack_sets_does_not_wait_for_our_own_rates(
    stage: Stage, region: Region | None
) -> None:
    """The baseline has five; calls take no time here, so any time that passes is waiting."""
    manifest = {**BASE, "stack_sets": SETS}
    stage.apply(manifest)
    stage.plan(manifest)
    asked_by_a_new_process = replace(stage, limits=RateLimits()).context()
    before = stage.sandbox.clock.now()

    found = explain(
        load_manifest(stage.folder / "manifest.yaml"), asked_by_a_new_process, PROD[0], region
    )

    assert stage.sandbox.clock.now() - before < timedelta(seconds=0.5)
    assert [each.name for each in found.stack_sets] == [f"base-{key}" for key in SETS]
    assert all(each.exists for each in found.stack_sets)
