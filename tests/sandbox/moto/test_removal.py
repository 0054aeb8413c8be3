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
