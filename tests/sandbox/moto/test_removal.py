"""Resources whose deletion moto breaks on are deleted."""

from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import ACCOUNTS, HOME, deploy, service_managed, targets, unit

ONE = ACCOUNTS[0]
ROLE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: IntegrationRole
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
"""
FOR_A_USER = """
Resources:
  User: {Type: AWS::IAM::User, Properties: {UserName: reader}}
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: read
      Users: [!Ref User]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "*", Resource: "*"}]
"""


def test_a_role_is_deleted_beside_a_policy_that_is_for_users_only(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """Moto keeps None for the roles of that policy, and broke on it: 'NoneType' ..."""
    inside = sandbox.session(ONE).client("cloudformation", HOME)
    named = ["CAPABILITY_NAMED_IAM"]
    inside.create_stack(StackName="users", TemplateBody=FOR_A_USER, Capabilities=named)  # type: ignore[arg-type]
    service_managed(client, TemplateBody=ROLE, Capabilities=named)
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
    iam = sandbox.session(ONE).client("iam")
    assert iam.get_role(RoleName="IntegrationRole")["Role"]["Arn"]
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
        RetainStacks=False,
    )
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].reasons == {}
    assert "IntegrationRole" not in {each["RoleName"] for each in iam.list_roles()["Roles"]}
    assert [each.what for each in sandbox.unprovisioned if "not deleted" in each.what] == []


NETWORK = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.9.0.0/24}}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Route:
    Type: AWS::EC2::Route
    DependsOn: Attachment
    Properties:
      RouteTableId: !Ref Table
      DestinationCidrBlock: 0.0.0.0/0
      GatewayId: !Ref Gateway
  Association:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}
  Address: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Volume: {Type: AWS::EC2::Volume, Properties: {Size: 8, AvailabilityZone: us-east-1a}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: network-logs-of-one}}
  FlowLog:
    Type: AWS::EC2::FlowLog
    Properties:
      ResourceId: !Ref Vpc
      ResourceType: VPC
      TrafficType: ALL
      LogDestinationType: s3
      LogDestination: !GetAtt Bucket.Arn
"""
CLUSTER = """
Resources:
  C:
    Type: AWS::Redshift::ClusterSubnetGroup
    Properties: {Description: d, SubnetIds: [%s]}
"""


def delete(sandbox: Sandbox, client: CloudFormationClient) -> None:
    """Delete the stack instance of one account, and expect that it succeeds."""
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
        RetainStacks=False,
    )
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].reasons == {}


def test_what_moto_passes_over_is_deleted(sandbox: Sandbox, client: CloudFormationClient) -> None:
    """Flow logs, addresses, volumes, routes and attachments outlived their stack, silently."""
    service_managed(client, TemplateBody=NETWORK)
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
    ec2 = sandbox.session(ONE).client("ec2", HOME)
    assert len(ec2.describe_flow_logs()["FlowLogs"]) == 1
    delete(sandbox, client)
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_internet_gateways()["InternetGateways"] == []
    vpcs = ec2.describe_vpcs()["Vpcs"]
    assert "10.9.0.0/16" not in {each["CidrBlock"] for each in vpcs}
    assert [each for each in sandbox.unprovisioned if "not deleted" in each.what] == []


def test_what_moto_cannot_delete_is_listed(sandbox: Sandbox, client: CloudFormationClient) -> None:
    subnet = sandbox.session(ONE).client("ec2", HOME).describe_subnets()["Subnets"][0]["SubnetId"]
    service_managed(client, TemplateBody=CLUSTER % subnet)
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
    assert sandbox.unprovisioned == []
    delete(sandbox, client)
    (left,) = sandbox.unprovisioned
    assert (left.logical_id, left.resource_type) == ("C", "AWS::Redshift::ClusterSubnetGroup")
    assert left.what == "not deleted: moto cannot delete a resource of this type"
