"""The bucket of a shared journal: what CloudFormation makes of the template, and that it serves."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml

from orgrollout.aws.s3_journal import S3Journal
from orgrollout.aws.transport.connection import connect
from orgrollout.cli.main import main
from orgrollout.journal.place import S3Place
from orgrollout.sandbox import Sandbox
from orgrollout.service.templates import Part, service_template
from tests.stage import new_session, organization
from tests.templates.support.linting import REGIONS, findings

KEY = "arn:aws:kms:us-east-1:999999999999:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(organization()) as made:
        yield made


def deployed(**parameters: str) -> dict[str, str]:
    """Deploy the template and return its outputs."""
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName="journal",
        TemplateBody=service_template(Part.JOURNAL),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = client.describe_stacks(StackName="journal")["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


def bucket_of(outputs: dict[str, str]) -> str:
    named: str = yaml.safe_load(outputs["Journal"])["journal"]
    return named.removeprefix("s3://").partition("/")[0]


def test_cfn_lint_has_nothing_to_say_in_any_region() -> None:
    assert findings(service_template(Part.JOURNAL), REGIONS) == []


def test_the_program_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "template", "--only", "journal"]) == 0
    assert capsys.readouterr().out == service_template(Part.JOURNAL)


def test_the_bucket_is_versioned_and_private() -> None:
    bucket = _without_tags(service_template(Part.JOURNAL))["Resources"]["Journal"]["Properties"]

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.usefixtures("sandbox")
def test_the_bucket_is_encrypted() -> None:
    answer = boto3.client("s3").get_bucket_encryption(Bucket=bucket_of(deployed()))
    (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_only_tls_reaches_the_bucket() -> None:
    policy = _without_tags(service_template(Part.JOURNAL))["Resources"]["JournalPolicy"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Action"] == "s3:*"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2


def test_a_journal_works_in_it_and_needs_no_more_than_the_policy_allows(sandbox: Sandbox) -> None:
    outputs = deployed()
    place = S3Place(bucket=bucket_of(outputs), prefix="journal/")
    # moto takes the policy's denial for one of everything: it knows no aws:SecureTransport.
    boto3.client("s3").delete_bucket_policy(Bucket=place.bucket)
    before = len(sandbox.calls)
    journal = S3Journal(connect(session=new_session(), clock=sandbox.clock), place)
    version = journal.put("k", 1, expected=None)
    journal.put("k", 2, expected=version)
    journal.append("s", 1)
    assert [e.value for e in journal.read("s")] == [1]
    journal.drop("s")
    assert journal.keys() == ("k",)

    sent = {f"s3:{call.operation}" for call in sandbox.calls[before:]}
    names = {"s3:ListObjectsV2": "s3:ListBucket"}  # the action that a list needs
    assert {names.get(call, call) for call in sent} == allowed(outputs["AccessPolicyArn"])


@pytest.mark.usefixtures("sandbox")
def test_with_a_key_of_ones_own_the_policy_lets_it_be_used() -> None:
    outputs = deployed(KmsKeyArn=KEY)

    assert allowed(outputs["KeyPolicyArn"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    answer = boto3.client("s3").get_bucket_encryption(Bucket=bucket_of(outputs))
    (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY


def test_it_stays_when_its_stack_goes() -> None:
    resources = _without_tags(service_template(Part.JOURNAL))["Resources"]
    for name in ("Journal", "JournalPolicy"):
        assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"


def allowed(policy: str) -> set[str]:
    iam = boto3.client("iam")
    document: Any = iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"][
        "Document"
    ]
    found: set[str] = set()
    for statement in document["Statement"]:
        actions = statement["Action"]
        found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def _without_tags(text: str) -> Any:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda _loader, tag, _node: f"{tag}")
    return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader that skips CloudFormation's tags
