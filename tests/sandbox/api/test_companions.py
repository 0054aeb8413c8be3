"""Members that need each other or exclude each other, as raw requests: nothing is widened."""

from collections.abc import Iterator

import boto3
import pytest

from orgrollout.sandbox import SandboxServer, VirtualClock, serve
from tests.sandbox.support import ACCOUNTS, HOME, ORGANIZATION, TEMPLATE
from tests.sandbox.wire import Answered, query

WHERE = "DeploymentTargets__OrganizationalUnitIds__member__1"
KIND = "DeploymentTargets__AccountFilterType"
ACCOUNT = "DeploymentTargets__Accounts__member__1"
REGION = "Regions__member__1"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One with a stack set of each permission model, and a stack instance."""
    with serve(ORGANIZATION, clock=VirtualClock()) as started:
        session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")
        made = session.client("cloudformation", HOME, endpoint_url=started.endpoint)
        made.create_stack_set(
            StackSetName="base", TemplateBody=TEMPLATE, PermissionModel="SERVICE_MANAGED"
        )
        made.create_stack_set(StackSetName="own", TemplateBody=TEMPLATE)
        unit = started.sandbox.organization.find("Workloads")
        made.create_stack_instances(
            StackSetName="base",
            DeploymentTargets={
                "OrganizationalUnitIds": [unit],
                "Accounts": [ACCOUNTS[0]],
                "AccountFilterType": "INTERSECTION",
            },
            Regions=[HOME],
        )
        started.sandbox.run_to_end()
        yield started


def ask(server: SandboxServer, action: str, fields: dict[str, str], name: str = "base") -> Answered:
    unit = server.sandbox.organization.find("Workloads")
    given = {key: value.replace("UNIT", unit) for key, value in fields.items()}
    return query(server, "cloudformation", action, StackSetName=name, **given)


UNIT = {WHERE: "UNIT", REGION: HOME}
REFUSED = [
    (
        {**UNIT, KIND: "NOPE"},
        "Member must satisfy enum value set: [NONE, INTERSECTION, DIFFERENCE, UNION]",
    ),
    ({**UNIT, KIND: "INTERSECTION"}, "INTERSECTION requires Accounts or AccountsUrl"),
    ({**UNIT, KIND: "DIFFERENCE"}, "DIFFERENCE requires Accounts or AccountsUrl"),
    ({**UNIT, KIND: "UNION"}, "UNION requires Accounts or AccountsUrl"),
    ({**UNIT, KIND: "NONE", ACCOUNT: ACCOUNTS[0]}, "NONE excludes Accounts"),
    ({**UNIT, KIND: "INTERSECTION", ACCOUNT: "123"}, "'[123]' at 'deploymentTargets.accounts'"),
    ({**UNIT, KIND: "INTERSECTION", ACCOUNT: "w0"}, "at 'deploymentTargets.accounts'"),
    ({**UNIT, "Accounts__member__1": ACCOUNTS[0]}, "either Accounts or DeploymentTargets"),
    ({WHERE: "Workloads", REGION: HOME}, "at 'deploymentTargets.organizationalUnitIds'"),
    ({**UNIT, "OperationId": "-a"}, "at 'operationId'"),
    ({**UNIT, "OperationId": "a" * 129}, "length less than or equal to 128"),
    ({**UNIT, "CallAs": "ME"}, "at 'callAs'"),
    (
        {
            **UNIT,
            "OperationPreferences__MaxConcurrentCount": "1",
            "OperationPreferences__MaxConcurrentPercentage": "1",
        },
        "only one of MaxConcurrentCount and MaxConcurrentPercentage",
    ),
    (
        {
            **UNIT,
            "OperationPreferences__FailureToleranceCount": "1",
            "OperationPreferences__FailureTolerancePercentage": "1",
        },
        "only one of FailureToleranceCount and FailureTolerancePercentage",
    ),
    ({**UNIT, "OperationPreferences__RegionConcurrencyType": "BOTH"}, "regionConcurrencyType"),
    ({**UNIT, "OperationPreferences__ConcurrencyMode": "FAST"}, "concurrencyMode"),
    (
        {**UNIT, "ParameterOverrides__member__1__ParameterValue": "5"},
        "Value null at 'parameterOverrides.1.member.parameterKey'",
    ),
]


@pytest.mark.parametrize(
    "action", ["CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"]
)
@pytest.mark.parametrize(("fields", "said"), REFUSED)
def test_ambiguous_targets_are_refused(
    server: SandboxServer, action: str, fields: dict[str, str], said: str
) -> None:
    if action == "DeleteStackInstances":
        if any(key.startswith("ParameterOverrides") for key in fields):
            pytest.skip("DeleteStackInstances has no overrides")
        fields = {**fields, "RetainStacks": "false"}
    before = server.sandbox.operations("base")
    answer = ask(server, action, fields)
    assert answer.status == 400, answer.text
    assert said in answer.text.replace("&gt;", ">"), answer.text
    assert server.sandbox.operations("base") == before


SET = {"UsePreviousTemplate": "true"}
UPDATES = [
    (
        {**SET, "DeploymentTargets__OrganizationalUnitIds__member__1": "UNIT"},
        "Regions must be specified",
    ),
    ({**SET, REGION: HOME}, "must be specified with Regions"),
    ({**SET, "Accounts": ""}, "Accounts must not be empty"),
    ({**SET, "Regions": ""}, "Regions must not be empty"),
    ({**SET, **UNIT, KIND: "INTERSECTION"}, "INTERSECTION requires Accounts"),
    ({**SET, "Tags__member__1__Value": "v"}, "Value null at 'tags.1.member.key'"),
    ({**SET, "Parameters__member__1__ParameterValue": "v"}, "Value null at 'parameters.1.member"),
    (
        {"TemplateBody": "{}", "TemplateURL": "https://b.s3.amazonaws.com/t"},
        "only one of TemplateBody",
    ),
]


@pytest.mark.parametrize(("fields", "said"), UPDATES)
def test_an_update_is_never_widened_to_all(
    server: SandboxServer, fields: dict[str, str], said: str
) -> None:
    before = server.sandbox.operations("base")
    answer = ask(server, "UpdateStackSet", fields)
    assert (answer.status, said in answer.text) == (400, True), answer.text
    assert server.sandbox.operations("base") == before


def test_a_self_managed_update_names_accounts_and_regions(server: SandboxServer) -> None:
    answer = ask(server, "UpdateStackSet", {**SET, "Accounts__member__1": ACCOUNTS[0]}, "own")
    assert (answer.status, "Regions must be specified with Accounts" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("ListStackInstances", {"Filters__member__1__Name": "DETAILED_STATUS"}, "Name and Values"),
        ("ListStackInstances", {"Filters__member__1__Values": "PENDING"}, "Name and Values"),
        (
            "ListStackInstances",
            {"Filters__member__1__Name": "DETAILED_STATUS", "Filters__member__1__Values": "NOPE"},
            "DETAILED_STATUS must be one of",
        ),
        (
            "ListStackInstances",
            {"Filters__member__1__Name": "DRIFT_STATUS", "Filters__member__1__Values": "NOPE"},
            "DRIFT_STATUS must be one of",
        ),
        ("ListStackInstances", {"MaxResults": "abc"}, "MaxResults must be an integer"),
        ("ListStackInstances", {"MaxResults": "0"}, "value greater than or equal to 1"),
        ("ListStackInstances", {"MaxResults": "-5"}, "value greater than or equal to 1"),
        ("ListStackInstances", {"NextToken": "%"}, "NextToken"),
        ("ListStackInstances", {"StackInstanceAccount": "123"}, "stackInstanceAccount"),
        ("DescribeStackInstance", {"StackInstanceAccount": ACCOUNTS[0]}, "stackInstanceRegion"),
        ("DeleteStackInstances", {**UNIT, "RetainStacks": "maybe"}, "must be true or false"),
        ("DeleteStackInstances", UNIT, "Value null at 'retainStacks'"),
        ("DescribeStackSetOperation", {}, "Value null at 'operationId'"),
        ("StopStackSetOperation", {"OperationId": "a b"}, "at 'operationId'"),
    ],
)
def test_reads_and_stops_are_checked_alike(
    server: SandboxServer, action: str, fields: dict[str, str], said: str
) -> None:
    answer = ask(server, action, fields)
    assert answer.status == 400, answer.text
    assert said in answer.text, answer.text


def test_what_is_refused_is_worded_as_aws_does(server: SandboxServer) -> None:
    answer = ask(server, "CreateStackInstances", {**UNIT, KIND: "NOPE"})
    assert "<Code>ValidationError</Code>" in answer.text
    assert (
        "<Message>1 validation error detected: Value 'NOPE' at "
        "'deploymentTargets.accountFilterType' failed to satisfy constraint: Member must satisfy "
        "enum value set: [NONE, INTERSECTION, DIFFERENCE, UNION]</Message>"
    ) in answer.text
