"""Which findings are repaired, and how: decided per stack, since a revert works on a whole one."""

from typing import Any

import pytest

from orgrollout.drift.calls import NO_CALL, ONLY_RECREATED, REVERTED
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.repair import FOUGHT, LEFT_THERE, Limits, Refusal, Repairs, decide_repairs
from orgrollout.model.cause import Cause
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.check import PostureCheck

KEY = StackSetKey("topics")
HERE = Pair(AccountId("1" * 12), Region("us-east-1"))
THERE = Pair(AccountId("2" * 12), Region("us-east-1"))


def finding(what: str = "Topic", path: str = "/DisplayName", **more: Any) -> Finding:
    given: dict[str, Any] = {
        "stack_set": KEY,
        "pair": HERE,
        "kind": FindingKind.RESOURCE,
        "verdict": Verdict.REAL,
        "resource_type": "AWS::SNS::Topic",
    }
    return Finding(what=what, path=path, **{**given, **more})


def decided(*findings: Finding, obstacle: str = "", **limits: Any) -> Repairs:
    return decide_repairs(findings, lambda _key, _pair: obstacle, Limits(**limits))


def test_all_real_findings_of_a_stack_are_reverted_together_and_accepted_ones_kept() -> None:
    """One change set a stack; one that would change accepted drift is refused later.

    Also where nothing of it has been found so far: it may be changed after the look.
    """
    found = decided(
        finding(),
        finding("Queue", path="", verdict=Verdict.DELETED, resource_type="AWS::SQS::Queue"),
        keeps=lambda _key, _pair: ("Topic/Tags",),
    )

    assert found.by_stack_set[KEY][HERE] == (
        Repair(
            action=OperationAction.REVERT,
            resources=("Queue", "Topic"),
            keeps=("Topic/Tags",),
            reason="drifted: Queue, Topic",
        ),
    )
    assert not found.left


@pytest.mark.parametrize(
    "verdict", [Verdict.IGNORED, Verdict.SUSPECT, Verdict.NOT_CHECKABLE], ids=str
)
def test_findings_that_are_not_real_are_left(verdict: Verdict) -> None:
    found = decided(finding(verdict=verdict))

    assert not found.by_stack_set
    whys = [left.why for left in found.left]
    assert whys == (["a second look could not confirm it"] if verdict is Verdict.SUSPECT else [])


def test_a_stack_that_must_not_be_changed_is_left_with_the_reason() -> None:
    found = decided(finding(), obstacle="its account is not active")

    assert not found.by_stack_set
    assert [left.why for left in found.left] == ["its account is not active"]


def test_one_type_that_must_not_be_changed_leaves_the_whole_stack() -> None:
    """A revert cannot be told to leave a resource out."""
    role = finding("Role", resource_type="AWS::IAM::Role")
    found = decided(finding(), role, types=("AWS::SNS::*",))

    assert not found.by_stack_set
    assert {left.finding.what for left in found.left} == {"Role", "Topic"}
    assert "AWS::IAM::Role" in found.left[0].why
    assert decided(finding(), types=("AWS::SNS::*",)).by_stack_set


def test_a_check_is_repaired_by_its_call_and_left_if_it_has_none() -> None:
    check = PostureCheck(name="config-recorder")
    recorder = finding(
        "config-recorder", "", kind=FindingKind.POSTURE, check=check, subjects=("main",)
    )
    document = finding(
        "ssm-document",
        "",
        kind=FindingKind.POSTURE,
        check=PostureCheck(name="ssm-document"),
        pair=THERE,
    )

    found = decided(recorder, document)

    (step,) = found.by_stack_set[KEY][HERE]
    assert (step.action, step.check) == (OperationAction.CALL, check)
    assert "StartConfigurationRecorder" in step.reason
    assert [(left.finding.what, left.why) for left in found.left] == [
        ("ssm-document", f"{NO_CALL}; {ONLY_RECREATED}")
    ]


def test_two_checks_with_one_remediation_are_one_call() -> None:
    """A second call would only fail, as a remediation is in progress."""
    flow_logs = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL", "rule": "r"})
    compliance = PostureCheck(
        name="config-compliance", arguments={"rule": "r", "remediated_type": "AWS::EC2::VPC"}
    )
    found = decided(
        *(
            finding(c.label, "", kind=FindingKind.POSTURE, check=c, subjects=("vpc-1",))
            for c in (flow_logs, compliance)
        )
    )

    assert [step.check for step in found.by_stack_set[KEY][HERE]] == [flow_logs]


def remediated(first: tuple[str, ...], second: tuple[str, ...]) -> Repairs:
    """Return the repairs where a rule and its subject fail for different resources."""
    compliance = PostureCheck(
        name="config-compliance", arguments={"rule": "r", "remediated_type": "AWS::EC2::VPC"}
    )
    flow_logs = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL", "rule": "r"})
    return decided(
        finding(compliance.label, "", kind=FindingKind.POSTURE, check=compliance, subjects=first),
        finding(flow_logs.label, "", kind=FindingKind.POSTURE, check=flow_logs, subjects=second),
    )


def test_the_call_names_the_resource_itself_and_not_the_last_result_of_a_rule() -> None:
    """A rule that is evaluated every six hours has no result for a new VPC."""
    found = remediated(("vpc-1",), ("vpc-1", "vpc-new"))

    (step,) = found.by_stack_set[KEY][HERE]
    assert step.check is not None
    assert step.check.name == "vpc-flow-logs"
    assert not found.left


def test_a_check_that_the_shared_call_does_not_repair_is_named_as_left() -> None:
    found = remediated(("vpc-1", "vpc-2"), ("vpc-1",))

    assert len(found.by_stack_set[KEY][HERE]) == 1
    (left,) = found.left
    assert left.finding.what == "config-compliance r"
    assert "vpc-2" in left.why


def recorder(**more: Any) -> Finding:
    check = PostureCheck(name="config-recorder")
    return finding(
        check.label, "", kind=FindingKind.POSTURE, check=check, subjects=("main",), **more
    )


def test_a_refused_change_set_does_not_prevent_calls() -> None:
    """The change set waits for a person; that a recorder is stopped need not."""
    drifted = finding()

    found = decided(
        drifted,
        recorder(),
        refused={drifted.key: Refusal(Cause.REFUSED, "refused: it would replace Topic")},
    )

    assert [step.action for step in found.by_stack_set[KEY][HERE]] == [OperationAction.CALL]
    ((what, why),) = [(left.finding.what, left.why) for left in found.left]
    assert what == "Topic"
    assert why == f"refused: it would replace Topic; {LEFT_THERE}"


def test_a_finding_that_came_back_waits_for_a_person_with_its_whole_stack() -> None:
    fought, other = finding(), finding("Queue", "/DelaySeconds")

    found = decided(fought, other, recorder(), fought={fought.key})
    assert [step.action for step in found.by_stack_set[KEY][HERE]] == [OperationAction.CALL]
    assert {left.finding.what: left.why for left in found.left} == dict.fromkeys(
        ("Topic", "Queue"), f"Topic/DisplayName: {FOUGHT}"
    )

    stopped = decided(other, recorder(), fought={recorder().key})
    assert [step.action for step in stopped.by_stack_set[KEY][HERE]] == [OperationAction.REVERT]
    assert [(left.finding.what, left.why) for left in stopped.left] == [("config-recorder", FOUGHT)]


def broken(name: str, **more: Any) -> Finding:
    check = PostureCheck(name=name, arguments={"rule": "r"})
    return finding(check.label, "", kind=FindingKind.POSTURE, check=check, **more)


def test_only_a_document_needs_a_new_stack_and_not_together_with_a_revert() -> None:
    """Deleting a stack repairs neither a bucket's policy nor a rule of another stack."""
    alone = decided(broken("ssm-document"), broken("config-delivery"), broken("config-rule"))
    assert {left.finding.what.split()[0] for left in alone.left if left.only_recreated} == {
        "ssm-document"
    }

    deleted = finding("Rule", path="", verdict=Verdict.DELETED)
    together = decided(deleted, broken("config-rule"))
    assert [(left.why, left.only_recreated) for left in together.left] == [(REVERTED, False)]
