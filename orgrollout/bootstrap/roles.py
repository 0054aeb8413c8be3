"""The roles of self-managed stack sets, and whom they trust.

From the prerequisites of self-managed permissions (CloudFormation user guide): CloudFormation
assumes the administration role, which assumes the execution role in each target account. Without
`aws:SourceAccount` and `aws:SourceArn` another user's stack set could make CloudFormation use the
administration role (the confused deputy). The execution role trusts that one role and no other.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orgrollout.model.ids import AccountId, Region

Policy = dict[str, Any]


def administration_trust(
    partition: str, administrator: AccountId, opt_in_regions: Iterable[Region]
) -> Policy:
    """Return whom the administration role trusts: CloudFormation, for this account's stack sets.

    In an opt-in Region CloudFormation comes under a principal of that Region.
    """
    services = ["cloudformation.amazonaws.com"]
    services += [f"cloudformation.{region}.amazonaws.com" for region in opt_in_regions]
    source = f"arn:{partition}:cloudformation:*:{administrator}:stackset/*"
    conditions = {
        "StringEquals": {"aws:SourceAccount": administrator},
        "StringLike": {"aws:SourceArn": source},
    }
    return _trust({"Service": services}, conditions)


def administration_permissions(partition: str, execution_role: str) -> Policy:
    """Return what the administration role may do: become the execution role, anywhere."""
    resource = f"arn:{partition}:iam::*:role/{execution_role}"
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def execution_trust(administration_role: str) -> Policy:
    """Return whom an execution role trusts: one role, by its ARN."""
    return _trust({"AWS": administration_role}, {})


def _trust(principal: Mapping[str, Any], conditions: Mapping[str, Any]) -> Policy:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sts:AssumeRole",
    }
    if conditions:
        statement["Condition"] = conditions
    return {"Version": "2012-10-17", "Statement": [statement]}
