"""Remediations of the bundled baseline: their errors, and their exceptions."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drift.finding import Verdict
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.sandbox import Sandbox
from tests.resyncing import repair, seek
from tests.scenarios.drift.test_posture_baseline import HERE, MANIFEST
from tests.stage import Stage, organization

pytestmark = pytest.mark.slow

RULE = "orgrollout-vpc-flow-logs-enabled"
ASSUME = (
    "Step fails when it is validating. The provided role arn:aws:iam::1:role/x can not be assumed."
)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(MANIFEST)
        yield made


def started(stage: Stage, since: int) -> Counter[tuple[str, str]]:
    calls = stage.sandbox.calls[since:]
    found = (c for c in calls if c.operation == "StartRemediationExecution")
    return Counter((c.account, c.region) for c in found)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(ASSUME, FailureClass.CONFIGURATION), ("Rate exceeded", FailureClass.THROTTLED)],
    ids=["for good", "for now"],
)
def test_the_error_of_a_step_is_reported_and_only_the_configured_tries_are_made(
    stage: Stage, reason: str, kind: FailureClass
) -> None:
    stage.sandbox.fail_remediation(account="d1", reason=reason, times=None)
    before = len(stage.sandbox.calls)

    done = repair(stage, seek(stage, MANIFEST))

    failures = [f for f in done.state.failures if f.final]
    assert failures
    assert all(reason in f.reason and f.kind is kind for f in failures), failures
    own = "Step fails when it is Execute/Cancelling action."  # Systems Manager's, not AWS Config's
    assert all(own in f.reason for f in failures), failures
    tries = done.plan.attempts if kind is FailureClass.THROTTLED else 1
    assert set(started(stage, before).values()) <= set(range(1, tries + 1))
    assert max(started(stage, before).values()) == tries


def except_(stage: Stage, **more: Any) -> str:
    session = stage.sandbox.session(HERE.account, HERE.region)
    (vpc,) = session.client("ec2").describe_vpcs()["Vpcs"]
    session.client("config").put_remediation_exceptions(
        ConfigRuleName=RULE,
        ResourceKeys=[{"ResourceType": "AWS::EC2::VPC", "ResourceId": vpc["VpcId"]}],
        **more,
    )
    return str(vpc["VpcId"])


def test_an_exception_of_aws_config_is_respected_and_shown_until_it_ends(stage: Stage) -> None:
    ends = stage.sandbox.clock.now() + timedelta(days=2)
    vpc = except_(stage, Message="SEC-3 sandbox account", ExpirationTime=ends)
    before = len(stage.sandbox.calls)

    sought = seek(stage, MANIFEST)
    repair(stage, sought)

    mine = [f for f in sought.findings.findings if f.subject == vpc]
    assert {f.verdict for f in mine} == {Verdict.IGNORED}
    assert all("SEC-3 sandbox account (until " in f.reason for f in mine)
    assert (HERE.account, HERE.region) not in started(stage, before)
    stage.sandbox.clock.sleep(timedelta(days=3))
    assert {f.subject for f in seek(stage, MANIFEST).findings.real} == {vpc}


def test_an_exception_that_aws_config_made_after_a_failure_accepts_nothing(
    stage: Stage,
) -> None:
    stage.sandbox.fail_remediation(account="d1", region="eu-west-1", reason=ASSUME, times=None)
    repair(stage, seek(stage, MANIFEST))
    vpc = except_(stage)
    before = len(stage.sandbox.calls)

    sought = seek(stage, MANIFEST)

    assert vpc in {f.subject for f in sought.findings.real}
    whys = {left.why for left in sought.left if left.finding.subject == vpc}
    assert any("its last remediation failed" in why for why in whys), whys
    assert not started(stage, before)
