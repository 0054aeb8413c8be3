"""Dynamic references: parameters are followed, secrets have to exist."""

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.moto.dynamic_references import NO_KEY
from tests.sandbox.support import ACCOUNTS, HOME, deploy, describe, service_managed

ONE = ACCOUNTS[0]
MISSING = (
    "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; "
    "Status Code: 400; Error Code: ResourceNotFoundException; "
)
TOPIC = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: '{{resolve:%s}}'}}}"


def reason(sandbox: Sandbox, client: CloudFormationClient, reference: str) -> str:
    """Deploy a template with a reference to one account, and return why it failed."""
    service_managed(client, TemplateBody=TOPIC % reference)
    reasons = deploy(sandbox, client, accounts=[ONE]).reasons
    if not reasons:
        assert describe(client, ONE)["StackInstanceStatus"]["DetailedStatus"] == "SUCCEEDED"
    return str(reasons.get((ONE, HOME), ""))


def secret(sandbox: Sandbox) -> str:
    """Create a secret in the account and return its ARN."""
    client = sandbox.session(ONE).client("secretsmanager", HOME)
    made = client.create_secret(Name="app/login", SecretString='{"user": "u", "word": "w"}')
    return str(made["ARN"])


@pytest.mark.parametrize(
    "reference",
    [
        "secretsmanager:nowhere",
        "secretsmanager:nowhere:SecretString:user",
        "secretsmanager:app/login:SecretString:user:OLD",
        f"secretsmanager:arn:aws:secretsmanager:{HOME}:{ONE}:secret:nowhere-a1b2c3:SecretString:user::",
    ],
)
def test_a_secret_that_does_not_exist_fails_the_stack_instance(
    sandbox: Sandbox, client: CloudFormationClient, reference: str
) -> None:
    secret(sandbox)
    why = reason(sandbox, client, reference)
    assert (
        f"ResourceLogicalId:T, ResourceType:AWS::SNS::Topic, ResourceStatusReason:{MISSING}" in why
    )


def test_a_key_that_the_secret_does_not_have_fails_it_too(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    secret(sandbox)
    assert NO_KEY in reason(sandbox, client, "secretsmanager:app/login:SecretString:nothing")


@pytest.mark.parametrize("name", ["app/login", "ARN"])
@pytest.mark.parametrize("rest", ["", ":SecretString:user", ":SecretString:word:AWSCURRENT:"])
def test_a_secret_that_exists_is_deployed_and_its_value_is_nowhere(
    sandbox: Sandbox, client: CloudFormationClient, name: str, rest: str
) -> None:
    arn = secret(sandbox)
    reference = f"secretsmanager:{arn if name == 'ARN' else name}{rest}"
    assert reason(sandbox, client, reference) == ""
    sns = sandbox.session(ONE).client("sns", HOME)
    (topic,) = sns.list_topics()["Topics"]
    told = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["DisplayName"]
    assert told == f"{{{{resolve:{reference}}}}}"


def test_a_secure_parameter_that_does_not_exist_fails_the_stack_instance(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    why = reason(sandbox, client, "ssm-secure:nowhere:1")
    assert "Parameters: [ssm-secure:nowhere:1] cannot be found." in why


def test_a_change_that_brings_a_missing_secret_is_rolled_back(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    secret(sandbox)
    assert reason(sandbox, client, "secretsmanager:app/login") == ""
    body = TOPIC % "secretsmanager:nowhere"
    client.update_stack_set(StackSetName="base", TemplateBody=body)
    sandbox.run_to_end()
    assert MISSING in sandbox.operations("base")[-1].reasons[ONE, HOME]
    inside = sandbox.session(ONE).client("cloudformation", HOME)
    (stack,) = inside.describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
