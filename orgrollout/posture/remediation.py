"""Remediations of AWS Config, as a call that repairs: those checks have an argument `rule`."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from orgrollout.posture.definition import ACCOUNT, Arguments, Call, RepairCall

_A = TypeVar("_A", bound=Arguments)
_OF_RULE = f"config:*:{ACCOUNT}:remediation-configuration/*"
START = Call(api="config:StartRemediationExecution")
EXECUTIONS = Call(
    api="config:DescribeRemediationExecutionStatus",
    resource=_OF_RULE,
    items="RemediationExecutionStatuses",
    always=("RemediationExecutionStatuses[].ResourceKey", "RemediationExecutionStatuses[].State"),
)
EXCEPTIONS = Call(
    api="config:DescribeRemediationExceptions",
    items="RemediationExceptions",
    always=(
        "RemediationExceptions[].ConfigRuleName",
        "RemediationExceptions[].ResourceType",
        "RemediationExceptions[].ResourceId",
    ),
)
# AWS Config runs a runbook of Systems Manager, which has messages of its own if it fails.
AUTOMATIONS = Call(
    api="ssm:DescribeAutomationExecutions",
    items="AutomationExecutionMetadataList",
    always=(
        "AutomationExecutionMetadataList[].AutomationExecutionId",
        "AutomationExecutionMetadataList[].ExecutionStartTime",
    ),
)
AUTOMATION = Call(
    api="ssm:GetAutomationExecution",
    resource=f"ssm:*:{ACCOUNT}:automation-execution/*",
    always=(
        "AutomationExecution.AutomationExecutionId",
        "AutomationExecution.AutomationExecutionStatus",
    ),
    echoes={"AutomationExecution.AutomationExecutionId": "AutomationExecutionId"},
)
RULE = "rule"  # the argument that names the rule whose remediation is started


def remediation(
    *, needs: str, kind: Callable[[_A], str], rule: Callable[[_A], str], limits: str
) -> RepairCall[_A]:
    """Return the repair by a rule's remediation.

    ``kind`` is the type of the resources, such as AWS::EC2::VPC.
    """

    def request(arguments: _A, subjects: tuple[str, ...]) -> dict[str, Any]:
        keys = resource_keys(kind(arguments), subjects)
        return {"ConfigRuleName": rule(arguments), "ResourceKeys": keys}

    return RepairCall(
        call=START,
        request=request,
        needs=needs,
        limits=limits,
        progress=(EXECUTIONS, EXCEPTIONS, AUTOMATIONS, AUTOMATION),
    )


def resource_keys(kind: str, subjects: Sequence[str]) -> list[dict[str, str]]:
    """Return resources as AWS Config wants them named."""
    return [{"resourceType": kind, "resourceId": each} for each in subjects]
