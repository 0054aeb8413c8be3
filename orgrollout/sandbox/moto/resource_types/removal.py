"""How resources are deleted whose types moto's CloudFormation creates and never deletes."""

from collections.abc import Callable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from orgrollout.sandbox.partitions import partition_of

Remove = Callable[[Any, str], Any]


def _gateway(ec2: Any, identifier: str) -> None:
    gateway = ec2.internet_gateways.get(identifier)
    if gateway is not None and gateway.vpc is not None:
        ec2.detach_internet_gateway(identifier, gateway.vpc.id)
    ec2.delete_internet_gateway(identifier)


def _routes(ec2: Any, identifier: str) -> None:
    table = ec2.route_tables.get(identifier)
    if table is not None:
        table.associations.clear()
        ec2.delete_route_table(identifier)


_EC2: dict[str, Remove] = {
    "AWS::EC2::InternetGateway": _gateway,
    "AWS::EC2::NatGateway": lambda ec2, identifier: ec2.delete_nat_gateway(identifier),
    "AWS::EC2::NetworkAcl": lambda ec2, identifier: ec2.delete_network_acl(identifier),
    "AWS::EC2::NetworkInterface": lambda ec2, identifier: ec2.delete_network_interface(identifier),
    "AWS::EC2::RouteTable": _routes,
    "AWS::EC2::VPCEndpoint": lambda ec2, identifier: ec2.delete_vpc_endpoints([identifier]),
}


def _managed_policy(place: tuple[str, str], arn: str) -> None:
    iam: Any = iam_backends[place[0]][partition_of(place[1])]
    for entity in (*iam.users.values(), *iam.groups.values(), *iam.roles.values()):
        entity.managed_policies.pop(arn, None)
    if arn in iam.managed_policies:
        iam.managed_policies[arn].attachment_count = 0
        iam.delete_policy(arn)


def _detachable_policies(place: tuple[str, str]) -> None:
    """Let moto go through the inline policies of an account when it deletes a role.

    It keeps None for the roles of a policy that is for users or groups only, and breaks on it.
    """
    iam: Any = iam_backends[place[0]][partition_of(place[1])]
    for policy in iam.inline_policies.values():
        policy.role_names = policy.role_names or []


def removed(kind: str, place: tuple[str, str], physical_id: str) -> bool:
    """Delete a resource, if it is of a type that moto cannot delete by itself."""
    if kind == "AWS::IAM::ManagedPolicy":
        _managed_policy(place, physical_id)
        return True
    if kind == "AWS::IAM::Role":
        _detachable_policies(place)
        return False
    remove = _EC2.get(kind)
    if remove is None:
        return False
    remove(ec2_backends[place[0]][place[1]], physical_id)
    return True
