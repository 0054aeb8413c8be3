"""What else AWS tells of an organization and its accounts: access, roles, Regions, policies.

Reads only. Each function asks once and raises what `Connection.call` raises; the caller decides
what a refusal means.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, RejectedError
from orgrollout.model.ids import AccountId
from orgrollout.preflight.facts import RecorderFound, Role, ServiceControlPolicy

_PAGE = {"MaxResults": 20}


def organizations_access(connection: Connection, *, delegated: bool) -> str:
    """Return the status of CloudFormation's access: ENABLED, DISABLED or DISABLED_PERMANENTLY."""
    call_as = {"CallAs": "DELEGATED_ADMIN"} if delegated else {}
    answer = connection.call("cloudformation", "DescribeOrganizationsAccess", call_as)
    return str(answer.get("Status") or "DISABLED")


def delegates(connection: Connection, principal: str) -> frozenset[AccountId]:
    """Return the accounts that are registered for a service."""
    found = connection.pages(
        "organizations",
        "ListDelegatedAdministrators",
        {"ServicePrincipal": principal, **_PAGE},
        "DelegatedAdministrators",
    )
    return frozenset(AccountId(each["Id"]) for each in found)


def trusted_services(connection: Connection) -> frozenset[str]:
    """Return the services that have trusted access on the side of Organizations."""
    found = connection.pages(
        "organizations",
        "ListAWSServiceAccessForOrganization",
        _PAGE,
        "EnabledServicePrincipals",
    )
    return frozenset(str(each["ServicePrincipal"]) for each in found)


def service_control_policies(connection: Connection) -> tuple[ServiceControlPolicy, ...]:
    """Return every service control policy, with what it is attached to."""
    listed = connection.pages(
        "organizations", "ListPolicies", {"Filter": "SERVICE_CONTROL_POLICY", **_PAGE}, "Policies"
    )
    return tuple(_policy(connection, each) for each in listed)


def role(connection: Connection, name: str) -> Role:
    """Return a role of the connection's own account."""
    try:
        found = connection.call("iam", "GetRole", {"RoleName": name})["Role"]
    except AwsError as error:
        if error.said.startswith("NoSuchEntity"):
            return Role(exists=False)
        raise
    return Role(exists=True, trust=_document(found.get("AssumeRolePolicyDocument") or "{}"))


def recorder(connection: Connection) -> RecorderFound:
    """Return what there is of AWS Config in the connection's account and Region."""
    recorders = connection.call("config", "DescribeConfigurationRecorders")
    channels = connection.call("config", "DescribeDeliveryChannels")
    return RecorderFound(
        recorder=_name(recorders.get("ConfigurationRecorders")),
        channel=_name(channels.get("DeliveryChannels")),
    )


def made_by(connection: Connection, stack: str, logical_id: str) -> str | None:
    """Return what a stack's resource is called, or None where the stack has none now."""
    asked = {"StackName": stack, "LogicalResourceId": logical_id}
    try:
        answer = connection.call("cloudformation", "DescribeStackResource", asked)
    except RejectedError:  # no such stack, or no such resource
        return None
    found = answer["StackResourceDetail"]
    there = found.get("ResourceStatus") not in {"CREATE_FAILED", "DELETE_COMPLETE"}
    return str(found.get("PhysicalResourceId") or "") or None if there else None


def _policy(connection: Connection, listed: dict[str, Any]) -> ServiceControlPolicy:
    which = {"PolicyId": listed["Id"]}
    described = connection.call("organizations", "DescribePolicy", which)["Policy"]
    targets = connection.pages(
        "organizations", "ListTargetsForPolicy", {**which, **_PAGE}, "Targets"
    )
    return ServiceControlPolicy(
        id=listed["Id"],
        name=listed.get("Name", ""),
        document=json.loads(described["Content"]),
        targets=frozenset(_ids(targets)),
    )


def _ids(targets: Iterator[dict[str, Any]]) -> Iterator[str]:
    for target in targets:
        yield str(target["TargetId"])


def _document(given: Any) -> dict[str, Any]:
    """Return a policy as a value; botocore has parsed it already, or has not."""
    return dict(json.loads(unquote(given)) if isinstance(given, str) else given)


def _name(found: list[dict[str, Any]] | None) -> str:
    return str(found[0].get("name") or "(unnamed)") if found else ""
