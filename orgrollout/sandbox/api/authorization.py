"""Whether the role that calls may do so, by the policies it has in IAM.

A role without any policy, and a caller that is no role of IAM (the operator), may do
everything. What CloudFormation does on behalf of a caller is not checked.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import iam_backends

from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.organization.service_control_policies import (
    Asked,
    Statement,
    decide,
    statements_in,
)
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks
from orgrollout.sandbox.stack_sets.service import Caller

Params = Mapping[str, Any]
FREE = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})
"""The calls that need no permission."""
_CODES = {"ec2": ("UnauthorizedOperation", 403), "query": ("AccessDenied", 403)}
_NO_STACK = frozenset({"DescribeStackDriftDetectionStatus", "ValidateTemplate", "ListStacks"})


class Authorization:
    """Checks calls against the policies of the caller's role."""

    def __init__(
        self,
        organization: Organization,
        live: LiveStacks,
        stack_of_change_set: Callable[[str], str | None],
        *,
        checks: bool,
    ) -> None:
        self._organization = organization
        self._live = live
        self._stack_of_change_set = stack_of_change_set
        self._checks = checks

    def check(
        self, caller: Caller, service: str, operation: str, params: Params, protocol: str
    ) -> None:
        """Refuse a call that the caller's role may not make.

        Raises:
            ApiError: AccessDenied, in the words of the service.
        """
        if not self._checks or (service, operation) in FREE:
            return
        statements = _statements_of(caller, self._organization.partition)
        if statements is None:
            return
        action = f"{service}:{operation}"
        resource = self._resource(caller, action, params)
        if operation in _NO_STACK:
            resource = "*"
        asked = Asked(action=action, resource=resource, context=self._context(caller, params))
        decision = decide(statements, asked)
        if decision != "Allow":
            raise _denied(caller, asked, protocol, explicit=decision == "Deny")

    def stack_named(self, service: str, params: Params) -> str | None:
        """Return the name of the stack that a call is about."""
        if service != "cloudformation":
            return None
        change_set = self._stack_of_change_set(str(params.get("ChangeSetName")))
        name = str(params.get("StackName") or change_set or "")
        return (name.split("/")[1] if "/" in name else name) or None

    def _context(self, caller: Caller, params: Params) -> dict[str, str]:
        return {
            **principal_context(self._organization, caller),
            "aws:RequestedRegion": caller.region,
            "aws:ResourceAccount": caller.account,
            **_given("cloudformation:ChangeSetName", params.get("ChangeSetName")),
            **_given("cloudformation:ImportResourceTypes", _imported(params)),
            **_given("cloudformation:RoleArn", params.get("RoleARN")),
            **_given("cloudformation:TemplateUrl", params.get("TemplateURL")),
        }

    def _resource(self, caller: Caller, action: str, params: Params) -> str:
        service, _, operation = action.partition(":")
        place, partition = f"{caller.region}:{caller.account}", self._organization.partition
        if service == "cloudformation":
            return self._stack(caller, params)
        if service == "sts":
            return str(params.get("RoleArn", "*"))
        if service == "config" and (rule := _rule_named(params)):
            kind = "remediation-configuration" if "Remediation" in operation else "config-rule"
            return f"arn:{partition}:config:{place}:{kind}/{rule}"
        for wanted, name, form in _RESOURCES:
            if service == wanted and isinstance(params.get(name), str):
                return form.format(
                    partition=partition, place=place, account=caller.account, name=params[name]
                )
        return "*"

    def _stack(self, caller: Caller, params: Params) -> str:
        """Return the ARN of the stack that a call is about; * if it names none."""
        change_set = self._stack_of_change_set(str(params.get("ChangeSetName")))
        name = params.get("StackName") or change_set
        if name is None or str(name).startswith("arn:"):
            return str(name or "*")
        found = self._live.find(caller.account, caller.region, str(name))
        place = f"{self._organization.partition}:cloudformation:{caller.region}:{caller.account}"
        made_up = f"arn:{place}:stack/{name}/none"
        return str(found.stack_id) if found is not None else made_up


_RESOURCES = (
    (
        "config",
        "ConfigurationRecorderName",
        "arn:{partition}:config:{place}:configuration-recorder/{name}/none",
    ),
    ("ssm", "Name", "arn:{partition}:ssm:{place}:document/{name}"),
    (
        "ssm",
        "AutomationExecutionId",
        "arn:{partition}:ssm:{place}:automation-execution/{name}",
    ),
    ("iam", "RoleName", "arn:{partition}:iam::{account}:role/{name}"),
)
"""Service, parameter, and the ARN of what it names; everything else is asked of *."""


def principal_context(organization: Organization, caller: Caller) -> dict[str, str]:
    """Return what IAM knows of a caller."""
    principal = caller.principal
    member = caller.account in organization.accounts
    return {
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalArn": principal.role_arn if principal.role_name else principal.arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        **({"aws:PrincipalOrgID": organization.id} if member else {}),
    }


def _rule_named(params: Params) -> str | None:
    """Return the rule that a call of AWS Config is about; of several the first."""
    several = params.get("ConfigRuleNames") or ()
    return params.get("ConfigRuleName") or next(iter(several), None)


def _imported(params: Params) -> str | None:
    """Return the types that a change set imports, as one value: good enough for Null."""
    found = params.get("ResourcesToImport") or ()
    return ",".join(str(each.get("ResourceType")) for each in found) or None


def _given(key: str, value: Any) -> dict[str, str]:
    return {key: str(value)} if value else {}


def _statements_of(caller: Caller, partition: str) -> list[Statement] | None:
    """Return the statements of the policies of a caller's role; None if it has no policy."""
    backends = iam_backends.get(caller.account)
    backend = backends.get(partition) if backends is not None else None
    roles = backend.roles.values() if backend is not None else ()
    role: Any = next((each for each in roles if each.name == caller.principal.role_name), None)
    if role is None:
        return None
    documents = [json.loads(policy) for policy in role.policies.values()]
    documents += [json.loads(each.document) for each in role.managed_policies.values()]
    documents += [_aws_managed(arn.rsplit("/", 1)[-1]) for arn in getattr(role, "aws_managed", ())]
    return [s for each in documents for s in statements_in(each)] if documents else None


def _aws_managed(name: str) -> Mapping[str, Any]:
    """Return the document of one of AWS's own policies.

    Raises:
        ApiError: It is none that the sandbox knows.
    """
    found = _all_of_aws().get(name)
    if found is None:
        raise ApiError("NotImplemented", f"The sandbox does not know the AWS policy {name}.")
    document: Mapping[str, Any] = found["Document"]
    return document


@cache
def _all_of_aws() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(aws_managed_policies_data)
    return found


def _denied(caller: Caller, asked: Asked, protocol: str, *, explicit: bool) -> ApiError:
    why = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {asked.action} action"
    )
    message = (
        f"User: {caller.principal.arn} is not authorized to perform: {asked.action} on "
        f"resource: {asked.resource} {why}"
    )
    code, status = _CODES.get(protocol, ("AccessDeniedException", 400))
    return ApiError(code, message, status)
