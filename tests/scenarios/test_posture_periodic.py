"""The shipped baseline where its rule is evaluated by the clock, as AWS Config does it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.rollout.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.resyncing import repair, seek
from tests.scenarios.test_posture_baseline import MANIFEST, RULE
from tests.stage import Stage, organization

pytestmark = pytest.mark.slow

COMPLIANCE, FLOW_LOGS = f"config-compliance {RULE}", "vpc-flow-logs"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    settings = Settings(rule_evaluation_period=timedelta(hours=6))
    with Sandbox.start(organization(), settings=settings) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(MANIFEST)
        yield made


def written(stage: Stage, since: int, operation: str) -> Counter[tuple[str, str]]:
    calls = (c for c in stage.sandbox.calls[since:] if c.operation == operation)
    return Counter((call.account, call.region) for call in calls)


def test_flow_logs_are_made_and_proven_by_one_call_long_before_the_rule_knows(
    stage: Stage,
) -> None:
    """What the rule last found is hours old; that flow logs are there can be looked at."""
    sought = seek(stage, MANIFEST)
    here = {Pair(f.pair.account, f.pair.region) for f in sought.findings.real if f.check}
    assert {f.what for f in sought.findings.real} >= {COMPLIANCE, FLOW_LOGS}
    before, began = len(stage.sandbox.calls), stage.sandbox.clock.now()

    done = repair(stage, sought)

    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failed
    assert stage.sandbox.clock.now() - began < timedelta(minutes=30)
    assert written(stage, before, "StartRemediationExecution") == dict.fromkeys(here, 1)


def test_a_rule_that_lags_behind_is_evaluated_and_nothing_is_remediated_again(
    stage: Stage,
) -> None:
    repair(stage, seek(stage, MANIFEST))
    again = seek(stage, MANIFEST)
    assert {f.what for f in again.findings.real} == {COMPLIANCE}
    assert {o.action for o in again.resync.plan.operations} == {OperationAction.CALL}
    before = len(stage.sandbox.calls)

    done = repair(stage, again)

    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failed
    assert set(written(stage, before, "StartConfigRulesEvaluation").values()) == {1}
    assert not written(stage, before, "StartRemediationExecution")
    assert not seek(stage, MANIFEST).findings.real
