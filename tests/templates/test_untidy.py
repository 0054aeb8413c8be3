"""Checks 40, 45 and 49: the runbook where much is there already, and much goes wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.paths import DOCS
from tests.sampling import sampled
from tests.templates.support.reading import Templates
from tests.templates.support.runbook import StepFailedError
from tests.templates.support.untidy import Ec2, behaving
from tests.templates.support.untidy_accounts import CASES, Case
from tests.templates.support.untidy_scenes import Scene
from tests.templates.support.world import LOG_GROUPS, World, world

BASELINE = DOCS / "baseline.md"


def run_case(templates: Templates, case: Case) -> None:
    """Arrange the account, run the runbook there, and compare what came of it."""
    with (
        world(templates, dict(case.parameters), case.place) as account,
        behaving(case.ec2()) as ec2,
    ):
        mine = case.arrange(Scene(account, ec2))
        before = {log["FlowLogId"]: log for log in account.flow_logs()}
        told = outcome_of(account, case)
        after = {log["FlowLogId"]: log for log in account.flow_logs()}
        assert case.told in told, case.what
        assert len(after) == case.left, case.what
        theirs = set(before) - set(mine)
        for each in theirs:
            assert after.get(each) == before[each], case.what
        assert not theirs & set(ec2.deleted)
        assert len(set(mine) - set(after)) == case.gone, case.what


def outcome_of(account: World, case: Case) -> str:
    """Return the outcome and its reason, or why the run failed."""
    try:
        outputs = account.run(**case.run).outputs
    except StepFailedError as error:
        return f"failed: {error}"
    return f"{outputs['EnsureFlowLog.Outcome']}: {outputs['EnsureFlowLog.Reason']}"


@pytest.mark.parametrize("case", sampled(CASES), ids=[c.what.replace(" ", "-") for c in CASES])
def test_the_runbook_in_an_untidy_account(case: Case, templates: Templates) -> None:
    run_case(templates, case)


@pytest.mark.slow
def test_check_49_other_teams_logs_are_never_touched(templates: Templates) -> None:
    """In none of the accounts; the cases compare each log of another team before and after."""
    for case in CASES:
        if case.with_others:
            run_case(templates, case)


@pytest.mark.slow
def test_check_40_own_logs_with_other_settings_are_replaced(templates: Templates) -> None:
    """Beside the old one, which goes when the new one delivers; in its place where EC2 insists."""
    for case in CASES:
        if case.check == "40":
            run_case(templates, case)


@pytest.mark.slow
def test_check_45_what_is_there_already_is_judged_as_a_whole(templates: Templates) -> None:
    for case in CASES:
        if case.check == "45":
            run_case(templates, case)


def test_there_are_enough_untidy_accounts_and_the_documentation_shows_each() -> None:
    assert len(CASES) >= 25
    assert len({case.what for case in CASES}) == len(CASES)
    rows = [f"| {case.what} | {case.done} |" for case in CASES]
    text = BASELINE.read_text("utf-8")
    table = text.split("| the account | what the runbook does |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == rows


CHANGES: list[dict[str, str]] = [
    {"TrafficType": "REJECT"},
    {"MaxAggregationInterval": "60"},
    {"LogFormat": "${version} ${account-id}"},
    {"FileFormat": "plain-text"},
    {"HivePartitions": "false"},
    {"HourlyPartitions": "false"},
    {"FlowLogBucketArn": "arn:aws:s3:::another-one"},
    LOG_GROUPS,
]


def test_check_40_every_setting_reaches_logs_that_are_there(templates: Templates) -> None:
    """One after the other, in both directions; and then all is at rest."""
    with world(templates) as account, behaving(Ec2(takes_twins=True, quota=3)):
        account.add_flow_log(bucket="another-one", traffic="ACCEPT")
        theirs = account.flow_logs()
        account.run()
        for change in CHANGES:
            for more in (change, {}):
                assert account.run(**more).outputs["EnsureFlowLog.Outcome"] == "replaced", change
                assert account.run(**more).outputs["EnsureFlowLog.Outcome"] == "present", change
                assert len(account.flow_logs()) == 2
        assert theirs[0] in account.flow_logs()


def test_check_40_silence_is_no_proof_of_delivery_before_an_hour(templates: Templates) -> None:
    """A log without traffic never says whether it delivers; the old one stays meanwhile."""
    with world(templates) as account, behaving(Ec2(takes_twins=True, status=None)):
        old = account.run(TrafficType="REJECT").outputs["EnsureFlowLog.FlowLogId"]
        for _ in range(2):
            execution = account.run()
            assert execution.outputs["EnsureFlowLog.Outcome"] == "replacing"
            assert old in execution.outputs["EnsureFlowLog.Reason"]
            assert len(account.flow_logs()) == 2
        new = execution.outputs["EnsureFlowLog.FlowLogId"]
        account.change(new, creation_time=datetime.now(UTC) - timedelta(hours=2))
        assert account.run().outputs["EnsureFlowLog.Outcome"] == "replaced"
        assert [log["FlowLogId"] for log in account.flow_logs()] == [new]
