"""An error that nothing foresaw ends one experiment; all stack sets are removed none the less."""

from collections.abc import Mapping
from typing import Any

import pytest

from orgrollout.confirm.experiment import Outcome
from tests.confirm.altered import altered
from tests.confirm.support import canary

NAMES = ("omitted_parameters", "overrides_stored")
SAID = "an error that nothing foresaw: LookupError (--debug shows where)"


def test_what_cannot_be_removed_blocks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One list of stack instances lacks their unit, and another ends in an error."""

    def strange(operation: str, sent: Mapping[str, Any], body: dict[str, Any]) -> Any:
        if operation != "ListStackInstances":
            return None
        if "definition" in sent["StackSetName"]:
            without = [
                {k: v for k, v in each.items() if k != "OrganizationalUnitId"}
                for each in body["Summaries"]
            ]
            return {**body, "Summaries": without}
        if "overrides" in sent["StackSetName"]:
            raise LookupError
        return None

    names = ("update_instances_definition", *NAMES)
    with canary() as there:
        with monkeypatch.context() as patched:
            altered(patched, strange)
            outcomes = there.run(*names)
            stays = there.clean()

        whys = {name: each.left for name, each in outcomes.items() if each.left}
        assert whys == {
            "update_instances_definition": "CloudFormation does not say where its stack instances "
            "are",
            "overrides_stored": SAID,
        }
        assert sorted(stays.values()) == sorted(whys.values())
        assert {each.finding.outcome for each in outcomes.values()} == {Outcome.CONFIRMED}
        assert there.clean() == {}
        assert there.left() == []


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        ("DeploymentMode REVERT_DRIFT is not supported for this stack.", False),
        ("Access denied for ssm:GetParameter.", None),
    ],
)
def test_a_change_set_that_fails_later_is_not_allowed(
    monkeypatch: pytest.MonkeyPatch, reason: str, value: bool | None
) -> None:
    """CreateChangeSet answers with an id, and the change set ends FAILED."""

    def failing(operation: str, sent: Mapping[str, Any], body: dict[str, Any]) -> Any:
        if operation == "DescribeChangeSet" and sent["ChangeSetName"].endswith("-revert"):
            return {**body, "Status": "FAILED", "StatusReason": reason}
        return None

    name = "revert_drift_on_stack_set_stacks"
    altered(monkeypatch, failing)
    with canary() as there:
        found = there.findings(name)[name]

        assert found.value is value
        assert "DescribeChangeSet in the canary account: Status FAILED" in "\n".join(found.evidence)
        assert there.left() == []
