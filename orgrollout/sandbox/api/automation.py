"""Executions of runbooks, as Systems Manager describes those that AWS Config started."""

from collections.abc import Mapping
from typing import Any

from orgrollout.sandbox.api.config.remediation import RemediationApi, Run
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.service import Caller

Answer = dict[str, Any]
_STATUS = {
    "QUEUED": "Pending",
    "IN_PROGRESS": "InProgress",
    "SUCCEEDED": "Success",
    "FAILED": "Failed",
}


class AutomationApi:
    """DescribeAutomationExecutions and GetAutomationExecution."""

    def __init__(self, remediations: RemediationApi) -> None:
        self._remediations = remediations

    def describe_automation_executions(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List executions; of the filters, only the one by status narrows the list."""
        filters = params.get("Filters") or ()
        wanted = {v for f in filters if f["Key"] == "ExecutionStatus" for v in f["Values"]}
        found = [
            _metadata(run)
            for run in self._runs(caller)
            if not wanted or _STATUS[run.state] in wanted
        ]
        items, token = responses.page(found, params)
        return {"AutomationExecutionMetadataList": items, "NextToken": token}

    def get_automation_execution(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe one execution with its parameters and its step."""
        for run in self._runs(caller):
            if run.id == params["AutomationExecutionId"]:
                return {"AutomationExecution": _whole(run)}
        message = f"Automation execution {params['AutomationExecutionId']} not found."
        raise ApiError("AutomationExecutionNotFoundException", message)

    def _runs(self, caller: Caller) -> list[Run]:
        return self._remediations.runs(caller.account, caller.region)


def _metadata(run: Run) -> Answer:
    return {
        "AutomationExecutionId": run.id,
        "AutomationExecutionStatus": _STATUS[run.state],
        "ExecutionStartTime": run.invoked,
        **({"FailureMessage": _failure(run)} if run.error else {}),
    }


def _whole(run: Run) -> Answer:
    step = {
        "StepName": "EnsureFlowLog",
        "Action": "aws:executeScript",
        "StepStatus": _STATUS[run.state],
        **({"FailureMessage": _failure(run)} if run.error else {}),
    }
    parameters = {"VpcId": [run.resource["resourceId"]]}
    return {**_metadata(run), "Parameters": parameters, "StepExecutions": [step]}


def _failure(run: Run) -> str:
    """Return the message in the form that Systems Manager gives it."""
    return (
        f"Step fails when it is Execute/Cancelling action. {run.error}. Please refer to Automation "
        "Service Troubleshooting Guide for more diagnosis details."
    )
