"""Each operation is looked at in its own time, however many run."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.rollout.state import Outcome
from tests.scenarios.test_planning import edited
from tests.stage import PROD, Stage


@pytest.mark.slow
def test_a_long_operation_is_not_asked_about_because_of_short_ones(stage: Stage) -> None:
    """At most 40 looks and one per 30 s: a stack set with many operations costs others nothing."""
    overrides = [
        {"targets": {"accounts": [account]}, "parameters": {"Suffix": account}} for account in PROD
    ]
    manifest: dict[str, Any] = edited()
    manifest["stack_sets"] = {
        "long": {"template": "topic.yaml", "targets": {"accounts": [PROD[0]]}},
        "short": {"template": "topic.yaml", "parameter_overrides": overrides},
    }
    stage.sandbox.slow(stack_set="base-long", seconds=timedelta(hours=1))

    rollout = stage.apply(manifest)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    asked = Counter(
        call.params["OperationId"]
        for call in stage.sandbox.calls
        if call.operation == "DescribeStackSetOperation"
    )
    for landed in rollout.state.landed:
        age = (landed.ended - landed.started).total_seconds()
        assert asked[landed.id] <= 40 + age / 30
    (long,) = stage.sandbox.operations("base-long")
    assert long.ended is not None
    assert rollout.state.ended is not None
    noticed_and_proved = rollout.state.ended - long.ended
    assert noticed_and_proved <= timedelta(minutes=2)
