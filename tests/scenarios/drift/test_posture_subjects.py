"""Teams go on making VPCs: each is a gap of its own, and the nightly job closes it."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drift.finding import Verdict
from orgrollout.drift.repair import FOUGHT
from orgrollout.model.ids import StackSetName
from orgrollout.posture.seen import PostureState
from orgrollout.reconcile.documents.posture import known_posture
from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.drift.test_subjects import BY_CHECK
from tests.resyncing import repair, seek
from tests.scenarios.drift.test_posture_baseline import HERE, MANIFEST
from tests.stage import Stage, organization

pytestmark = pytest.mark.slow

NAME = StackSetName("base-flowlogs-remediation")
UNATTENDED = ResyncRequest(refused_again=False, fought_again=False)


@pytest.fixture(params=[timedelta(), timedelta(hours=6)], ids=["at once", "by the clock"])
def stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    """Give the baseline, whose rule is evaluated at each question or every six hours."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    settings = Settings(rule_evaluation_period=request.param)
    with Sandbox.start(organization(), settings=settings) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(MANIFEST)
        yield made


def new_vpc(stage: Stage) -> str:
    ec2 = stage.sandbox.session(HERE.account, HERE.region).client("ec2")
    return str(ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def logged(stage: Stage) -> list[str]:
    ec2 = stage.sandbox.session(HERE.account, HERE.region).client("ec2")
    return sorted(log["ResourceId"] for log in ec2.describe_flow_logs()["FlowLogs"])


def unattended(stage: Stage, manifest: dict[str, Any] = MANIFEST) -> ResyncPlan:
    sought = seek(stage, manifest, wanted=UNATTENDED)
    if not sought.resync.plan.is_empty:
        assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    return sought


def test_a_new_vpc_each_week_is_logged_and_shown_so_in_the_ledger_at_once(stage: Stage) -> None:
    unattended(stage)
    made = []
    for _ in range(3):
        made.append(new_vpc(stage))
        sought = unattended(stage)
        assert not [left for left in sought.left if left.why == FOUGHT]
        assert set(made) <= set(logged(stage))
        assert len(logged(stage)) == len(set(logged(stage)))
        states = known_posture(stage.context().journal, NAME, [HERE])
        assert states[HERE][0].state is PostureState.OK, states[HERE]
        stage.sandbox.clock.sleep(timedelta(days=7))


def test_a_vpc_that_a_rule_accepts_is_left_alone_and_another_is_logged(stage: Stage) -> None:
    unattended(stage)
    ours, other = new_vpc(stage), new_vpc(stage)
    accepts = deepcopy(MANIFEST)
    accepts["drift"]["ignore"] = [
        {"stack_set": "flowlogs-remediation", "resource": ours, "reason": "SEC-1"}
    ]

    sought = unattended(stage, accepts)

    ignored = {f.subject for f in sought.findings.findings if f.verdict is Verdict.IGNORED}
    assert ignored == {ours}
    assert other in logged(stage)
    assert ours not in logged(stage)
    assert not [w for w in sought.findings.warnings if "drift.ignore" in w]


def test_a_journal_with_findings_by_check_does_not_prevent_logging_of_a_vpc(
    stage: Stage,
) -> None:
    """In it, flow logs and a recorder came back: only the recorder waits for a person."""
    unattended(stage)
    journal = stage.context().journal
    for key, value in BY_CHECK["documents"].items():
        document = journal.get(key)
        journal.put(key, value, expected=document.version if document else None)
    vpc = new_vpc(stage)
    stage.sandbox.stop_recorder(HERE.account, HERE.region)

    sought = unattended(stage)

    assert vpc in logged(stage)
    fought = {(left.finding.what, left.finding.subject) for left in sought.left}
    assert ("config-recorder", "orgrollout-recorder") in fought
    assert not {left.finding.subject for left in sought.left} & {vpc}
