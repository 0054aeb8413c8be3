"""Each operation is looked at in its own time, however many run; those of a stack set at once."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.scenarios.manifests import edited
from tests.scenarios.rollout.test_side_by_side import ACCOUNTS, own
from tests.stage import PROD, Stage, organization


@pytest.mark.slow
def test_a_long_operation_is_not_polled_at_the_pace_of_short_ones(stage: Stage) -> None:
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
    for completed in rollout.state.completed:
        age = (completed.ended - completed.started).total_seconds()
        assert asked[completed.id] <= 40 + age / 30
    (long,) = stage.sandbox.operations("base-long")
    assert long.ended is not None
    assert rollout.state.ended is not None
    noticed_and_proved = rollout.state.ended - long.ended
    assert noticed_and_proved <= timedelta(minutes=2)


@pytest.mark.slow
@pytest.mark.parametrize(("lag", "calls"), [(0, 130), (45, 260)])
def test_parallel_operations_are_polled_in_one_call(tmp_path: Path, lag: int, calls: int) -> None:
    """A description each takes 400 calls, at two a second; a list that lags only delays."""
    behind = timedelta(seconds=lag)
    settings = Settings(
        conflicting_operations="same_instances", operation_list_lag=behind, deploy_resources=False
    )
    with Sandbox.start(organization(), settings=settings) as sandbox:
        stage = Stage(sandbox, tmp_path)
        sandbox.fail(PROD[0], "us-east-1", times=1, reason="Rate exceeded")
        for number, account in enumerate(ACCOUNTS):
            sandbox.slow(account, seconds=timedelta(minutes=10 + number))

        rollout = stage.apply(own())

        state = rollout.state
        assert state.outcome is Outcome.SUCCEEDED
        assert {(o.succeeded, o.failed) for o in state.completed} == {(2, 0), (1, 1), (1, 0)}
        asked = Counter(c.operation for c in sandbox.calls)
        assert asked["DescribeStackSetOperation"] + asked["ListStackSetOperations"] <= calls
        last = max(o.ended for o in sandbox.operations("base-topics") if o.ended)
        assert state.ended is not None
        assert state.ended - last <= timedelta(minutes=2) + behind
