"""What CloudFormation says is an answer only where it settles the question."""

from collections.abc import Mapping
from typing import Any

import pytest

from orgrollout.confirm.evidence import redacted
from tests.confirm.altered import altered
from tests.confirm.support import canary


def with_status(status: str, *ends: str, where: str) -> Any:
    """Return what gives operations another status, by how their ids end, where they have one."""

    def alter(operation: str, sent: Mapping[str, Any], body: dict[str, Any]) -> Any:
        if operation != "DescribeStackSetOperation" or not sent["OperationId"].endswith(ends):
            return None
        found = body["StackSetOperation"]
        if found["Status"] != where:
            return None
        return {**body, "StackSetOperation": {**found, "Status": status}}

    return alter


@pytest.mark.parametrize("status", ["FAILED", "STOPPED"])
def test_deletions_that_did_not_succeed_say_nothing(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with canary(suspended_delete="skip") as there:
        altered(monkeypatch, with_status(status, "-2", "-3", where="SUCCEEDED"))
        found = there.findings("suspended_delete")["suspended_delete"]

        assert found.value is None
        assert found.because == f"the deletion that left it there is {status}"


def test_a_queued_operation_runs_beside_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with canary() as there:
        altered(monkeypatch, with_status("QUEUED", "-2", where="RUNNING"))
        found = there.findings("conflicting_operations")["conflicting_operations"]

        assert found.value is None
        assert found.because == "the first operation was over before both were seen to run"


@pytest.mark.parametrize(("lacks", "why"), [("Outputs", "template"), ("Parameters", "value")])
def test_half_of_a_definition_is_not_the_current_one(
    monkeypatch: pytest.MonkeyPatch, lacks: str, why: str
) -> None:
    old = {"Outputs": [], "Parameters": [{"ParameterKey": "Value", "ParameterValue": "first"}]}

    def half(operation: str, _: Mapping[str, Any], body: dict[str, Any]) -> Any:
        if operation != "DescribeStacks":
            return None
        return {**body, "Stacks": [{**body["Stacks"][0], lacks: old[lacks]}]}

    name = "update_instances_definition"
    altered(monkeypatch, half)
    with canary() as there:
        found = there.findings(name)[name]

        assert found.value == "previous"
        assert found.because == f"the stack has the old {why} still"


def test_a_reason_is_an_answer_without_ids() -> None:
    reason = "Stopped by arn:aws:iam::200000000003:role/x in ou-ab12-12345678 of x_200000000003"
    with canary(stop_reason=reason) as there:
        found = there.findings("stop_reason")["stop_reason"]

        assert found.value == "Stopped by (ARN) in (organization) of x_(account)"
    assert redacted("0a1b2c3d-0000-1111-2222-123456789012") == "(id)"
