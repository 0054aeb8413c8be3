"""Check 33 and the proof of the whole: the product applies the shipped manifests to the sandbox."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.organization.desired import DesiredState
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, VirtualClock
from orgrollout.sandbox.moto.resource_types import REMEDIATIONS
from tests.stage import Stage
from tests.templates.support import runbook
from tests.templates.support.resolving import LOG_ARCHIVE, Place
from tests.templates.support.runbook import Execution
from tests.templates.support.sessions import session_for
from tests.templates.support.shipped import ORGANIZATION, read

RULE = "orgrollout-vpc-flow-logs-enabled"


@dataclass(frozen=True)
class Baseline:
    """The organization after `security-baseline.yaml` was applied."""

    sandbox: Sandbox
    desired: DesiredState

    def pairs(self, key: str) -> set[Pair]:
        return set(self.desired.stack_sets[StackSetKey(key)].pairs)

    def client(self, pair: Pair, service: str) -> Any:
        """Return a client inside an account."""
        session: Any = session_for(Place(pair.account, pair.region), self.credentials(pair))
        return session.client(service)

    def credentials(self, pair: Pair) -> dict[str, str]:
        keys = self.sandbox.session(pair.account, pair.region).get_credentials()
        assert keys is not None
        return {
            "aws_access_key_id": str(keys.access_key),
            "aws_secret_access_key": str(keys.secret_key),
            "aws_session_token": str(keys.token),
        }


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baseline]:
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        stage = Stage(sandbox, tmp_path_factory.mktemp("baseline"))
        rollout = stage.apply(read("security-baseline"))
        assert rollout.state.outcome is Outcome.SUCCEEDED
        yield Baseline(sandbox, stage.look(read("security-baseline")).desired)


@pytest.mark.slow
def test_check_33_an_organizational_unit_gets_accounts_times_regions(baseline: Baseline) -> None:
    """Service-managed, and exactly the pairs that are meant: /Sandbox has one Region."""
    regional = {"config-regional", "flowlogs-remediation"}
    accounts = {pair.account for pair in baseline.pairs("account-roles")}
    assert len(accounts) == 28
    for key in read("security-baseline")["stack_sets"]:
        made = baseline.sandbox.stack_set(f"security-baseline-{key}")
        assert made.permission_model == "SERVICE_MANAGED"
        assert {tuple(pair) for pair in made.instances} == baseline.pairs(key)
        regions = {pair.region for pair in baseline.pairs(key)}
        assert len(regions) == (3 if key in regional else 1)
    in_sandbox_unit = {
        account.id
        for account in baseline.sandbox.organization.accounts.values()
        if account.name.startswith(("playground", "hackathon"))
    }
    expected = {
        Pair(account, Region(region))
        for account in accounts
        for region in ("us-east-1", "eu-west-1", "ap-northeast-1")
        if account not in in_sandbox_unit or region == "us-east-1"
    }
    assert baseline.pairs("config-regional") == expected


@pytest.mark.slow
def test_everything_is_there_in_every_account_and_region(baseline: Baseline) -> None:
    """Recorder, channel, rule and document; asked in the account itself."""
    assert len(baseline.pairs("config-regional")) == 76
    for pair in baseline.pairs("config-regional"):
        config = baseline.client(pair, "config")
        (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        assert recorder["name"] == "orgrollout-recorder"
        home = pair.region == "us-east-1"
        assert recorder["recordingGroup"]["includeGlobalResourceTypes"] is home
        (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
        assert status["recording"]
        (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
        assert channel["s3BucketName"] == f"orgrollout-config-{LOG_ARCHIVE}-us-east-1-an"
        (rule,) = config.describe_config_rules()["ConfigRules"]
        assert rule["ConfigRuleName"] == RULE
        target = REMEDIATIONS[pair.account, pair.region][RULE]["TargetId"]
        documents = baseline.client(pair, "ssm").list_documents()["DocumentIdentifiers"]
        assert target in {document["Name"] for document in documents}


@pytest.mark.slow
def test_roles_are_there_once_per_account(baseline: Baseline) -> None:
    """The probe role trusts the management account, which the manifest did not have to name."""
    for pair in baseline.pairs("account-roles"):
        roles = baseline.client(pair, "iam").list_roles()["Roles"]
        names = [r["RoleName"] for r in roles if r["RoleName"].startswith("orgrollout-")]
        wanted = {"orgrollout-flowlogs-remediation", "orgrollout-probe"}
        assert wanted <= set(names)
        assert len(names) == len(set(names))
        (probe,) = (r for r in roles if r["RoleName"] == "orgrollout-probe")
        assert "999999999999" in str(probe["AssumeRolePolicyDocument"])


MEMBERS = [("payments_prod", "eu-west-1"), ("dns", "ap-northeast-1"), ("hackathon", "us-east-1")]


@pytest.mark.slow
@pytest.mark.parametrize(("account", "region"), MEMBERS)
def test_a_vpc_without_flow_logs_gets_one_and_becomes_compliant(
    baseline: Baseline, account: str, region: str
) -> None:
    """The deployed runbook, as the deployed remediation starts it; also the proof of check 34."""
    pair = Pair(AccountId(baseline.sandbox.organization.find(account)), Region(region))
    ec2 = baseline.client(pair, "ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert compliance(baseline, pair)[vpc_id] == "NON_COMPLIANT"

    first, second = (remediate(baseline, pair, vpc_id) for _ in range(2))

    assert first.outputs["EnsureFlowLog.Outcome"] == "created"
    assert second.outputs["EnsureFlowLog.Outcome"] == "present"
    (log,) = (each for each in ec2.describe_flow_logs()["FlowLogs"] if each["ResourceId"] == vpc_id)
    assert log["LogDestination"].endswith(f":::orgrollout-flowlogs-{LOG_ARCHIVE}-us-east-1-an")
    assert log["DeliverLogsStatus"] == "SUCCESS"
    assert compliance(baseline, pair)[vpc_id] == "COMPLIANT"


def remediate(baseline: Baseline, pair: Pair, vpc_id: str) -> Execution:
    """Do what AWS Config does: start the document with the parameters it was given."""
    remediation = REMEDIATIONS[pair.account, pair.region][RULE]
    answer = baseline.client(pair, "ssm").get_document(Name=remediation["TargetId"])
    given = remediation["Parameters"]
    parameters = {
        "AutomationAssumeRole": given["AutomationAssumeRole"]["StaticValue"]["Values"][0],
        "VpcId": vpc_id,
    }
    place = Place(pair.account, pair.region)
    content = content_of(answer["Content"])
    return runbook.run(content, parameters, place, baseline.credentials(pair))


def content_of(text: str) -> dict[str, Any]:
    """Return a document's content; moto keeps what CloudFormation gave it as a Python value."""
    content: dict[str, Any] = json.loads(text) if text.startswith('{"') else ast.literal_eval(text)
    return content


def compliance(baseline: Baseline, pair: Pair) -> dict[str, str]:
    """Return what VPC_FLOW_LOGS_ENABLED, as deployed, would find; nothing evaluates it here."""
    config, ec2 = baseline.client(pair, "config"), baseline.client(pair, "ec2")
    (rule,) = config.describe_config_rules(ConfigRuleNames=[RULE])["ConfigRules"]
    assert rule["Source"]["SourceIdentifier"] == "VPC_FLOW_LOGS_ENABLED"
    wanted = json.loads(rule["InputParameters"])["trafficType"]
    logged = {
        log["ResourceId"]
        for log in ec2.describe_flow_logs()["FlowLogs"]
        if log["TrafficType"] in (wanted, "ALL")
    }
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    return {vpc: "COMPLIANT" if vpc in logged else "NON_COMPLIANT" for vpc in vpcs}


@pytest.mark.slow
def test_the_central_buckets_are_in_the_log_archive(baseline: Baseline) -> None:
    home = Pair(AccountId(LOG_ARCHIVE), Region("us-east-1"))
    s3 = baseline.client(home, "s3")
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for kind in ("flowlogs", "config"):
        name = f"orgrollout-{kind}-{LOG_ARCHIVE}-us-east-1-an"
        assert name in names
        policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
        assert "o-a1b2c3d4e5" in json.dumps(policy)


def test_the_aggregator_is_in_the_delegated_administrator(baseline: Baseline) -> None:
    (pair,) = baseline.pairs("org-aggregator")
    config = baseline.client(pair, "config")
    (found,) = config.describe_configuration_aggregators()["ConfigurationAggregators"]
    assert found["ConfigurationAggregatorName"] == "orgrollout-organization"
