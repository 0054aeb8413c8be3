"""Deletion of resources, including types that moto's CloudFormation never deletes."""

from collections.abc import Callable
from typing import Any

from moto.cloudformation import parsing
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from orgrollout.sandbox.partitions import partition_of

Place = tuple[str, str]
Remove = Callable[[Any, Any], Any]
"""The service's state, and the resource."""


def _gateway(ec2: Any, made: Any) -> None:
    gateway = ec2.internet_gateways.get(made.physical_resource_id)
    if gateway is not None and gateway.vpc is not None:
        ec2.detach_internet_gateway(gateway.id, gateway.vpc.id)
    ec2.delete_internet_gateway(made.physical_resource_id)


def _attachment(ec2: Any, made: Any) -> None:
    gateway = ec2.internet_gateways.get(made.gateway_id)
    if gateway is not None and gateway.vpc is not None:
        ec2.detach_internet_gateway(gateway.id, gateway.vpc.id)


def _routes(ec2: Any, made: Any) -> None:
    table = ec2.route_tables.get(made.physical_resource_id)
    if table is not None:
        for association in table.all_associations_ids - {table.main_association_id}:
            ec2.disassociate_route_table(association)
        ec2.delete_route_table(table.id)


def _route(ec2: Any, made: Any) -> None:
    if made.route_table.id in ec2.route_tables:
        ec2.delete_route(
            made.route_table.id,
            made.destination_cidr_block,
            made.destination_ipv6_cidr_block,
            made.destination_prefix_list and made.destination_prefix_list.id,
        )


def _association(ec2: Any, made: Any) -> None:
    table = ec2.route_tables.get(made.route_table_id)
    for each in table.associations if table is not None else ():
        if each.get("SubnetId") == made.subnet_id:
            ec2.disassociate_route_table(each["RouteTableAssociationId"])


_EC2: dict[str, Remove] = {
    "AWS::EC2::EIP": lambda ec2, made: ec2.release_address(address=made.public_ip),
    "AWS::EC2::FlowLog": lambda ec2, made: ec2.delete_flow_logs([made.id]),
    "AWS::EC2::InternetGateway": _gateway,
    "AWS::EC2::NatGateway": lambda ec2, made: ec2.delete_nat_gateway(made.physical_resource_id),
    "AWS::EC2::NetworkAcl": lambda ec2, made: ec2.delete_network_acl(made.physical_resource_id),
    "AWS::EC2::NetworkInterface": lambda ec2, made: ec2.delete_network_interface(
        made.physical_resource_id
    ),
    "AWS::EC2::Route": _route,
    "AWS::EC2::RouteTable": _routes,
    "AWS::EC2::SubnetRouteTableAssociation": _association,
    "AWS::EC2::VPCEndpoint": lambda ec2, made: ec2.delete_vpc_endpoints(
        [made.physical_resource_id]
    ),
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::EC2::Volume": lambda ec2, made: ec2.delete_volume(made.id),
}


def _managed_policy(place: tuple[str, str], arn: str) -> None:
    iam: Any = iam_backends[place[0]][partition_of(place[1])]
    for entity in (*iam.users.values(), *iam.groups.values(), *iam.roles.values()):
        entity.managed_policies.pop(arn, None)
    if arn in iam.managed_policies:
        iam.managed_policies[arn].attachment_count = 0
        iam.delete_policy(arn)


def _detachable_policies(place: tuple[str, str]) -> None:
    """Make all inline policies of an account readable to moto, for the deletion of a role.

    It keeps None for the roles of a policy that is for users or groups only, and breaks on it.
    """
    iam: Any = iam_backends[place[0]][partition_of(place[1])]
    for policy in iam.inline_policies.values():
        policy.role_names = policy.role_names or []


def deleted(kind: str, place: Place, made: Any, entry: dict[str, Any]) -> str:
    """Delete a resource; return why it still exists, or nothing.

    moto passes over types that it cannot delete, and over a deletion that breaks by a TypeError.
    """
    if kind == "AWS::IAM::ManagedPolicy":
        _managed_policy(place, str(made.physical_resource_id))
        return ""
    if kind == "AWS::IAM::Role":
        _detachable_policies(place)
    remove = _EC2.get(kind)
    if remove is not None:
        remove(ec2_backends[place[0]][place[1]], made)
        return ""
    return _deleted_by_moto(place, made, entry)


def _deleted_by_moto(place: Place, made: Any, entry: dict[str, Any]) -> str:
    own = getattr(made, "delete", None)
    broken = ""
    if own is not None:
        try:
            own(*place)
        except (AttributeError, TypeError) as error:
            broken = repr(error)
        else:
            return ""
    by_class = parsing.resource_class_from_type(entry["Type"]).delete_from_cloudformation_json
    if hasattr(by_class, "__isabstractmethod__"):
        return broken or "moto cannot delete a resource of this type"
    by_class(str(made.physical_resource_id), entry, *place)
    return ""
