"""The shipped baseline where its rule is evaluated by the clock, as AWS Config does it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.resyncing import repair, seek
from tests.scenarios.drift.test_posture_baseline import MANIFEST, RULE
from tests.stage import DEV, EU, US, Stage, organization

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


def log_all(stage: Stage, pair: Pair) -> None:
    """Let another person give every VPC there a flow log."""
    session = stage.sandbox.session(pair.account, pair.region)
    group = f"theirs-{pair.region}"
    session.client("logs").create_log_group(logGroupName=group)
    ec2 = session.client("ec2")
    ec2.create_flow_logs(
        ResourceIds=[each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName=group,
        DeliverLogsPermissionArn=f"arn:aws:iam::{pair.account}:role/logs",
    )


def test_flow_logs_are_created_and_verified_by_one_call_before_the_rule_is_evaluated(
    stage: Stage,
) -> None:
    """The last result of the rule is hours old; the flow logs themselves can be read."""
    sought = seek(stage, MANIFEST)
    here = {Pair(f.pair.account, f.pair.region) for f in sought.findings.real if f.check}
    assert {f.what for f in sought.findings.real} >= {COMPLIANCE, FLOW_LOGS}
    before, began = len(stage.sandbox.calls), stage.sandbox.clock.now()

    done = repair(stage, sought)

    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failed
    assert stage.sandbox.clock.now() - began < timedelta(minutes=30)
    assert written(stage, before, "StartRemediationExecution") == dict.fromkeys(here, 1)


def test_a_rule_result_older_than_the_repair_is_no_finding(stage: Stage) -> None:
    """The flow logs are looked at themselves; the rule is evaluated within a day."""
    repair(stage, seek(stage, MANIFEST))
    again = seek(stage, MANIFEST)
    assert not again.findings.real
    assert again.resync.plan.is_empty
    stage.sandbox.clock.sleep(timedelta(hours=7))
    assert not seek(stage, MANIFEST).findings.real


def test_a_rule_that_lags_is_evaluated_and_no_remediation_is_repeated(
    stage: Stage,
) -> None:
    seek(stage, MANIFEST)  # the rule has found them bare
    for account, region in product(DEV, (US, EU)):
        log_all(stage, Pair(account, region))
    again = seek(stage, MANIFEST)
    assert {f.what for f in again.findings.real} == {COMPLIANCE}
    assert {o.action for o in again.resync.plan.operations} == {OperationAction.CALL}
    before = len(stage.sandbox.calls)

    done = repair(stage, again)

    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failed
    assert set(written(stage, before, "StartConfigRulesEvaluation").values()) == {1}
    assert not written(stage, before, "StartRemediationExecution")
    assert not seek(stage, MANIFEST).findings.real
