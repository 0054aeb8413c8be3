"""The shipped baseline under its own checks, through the roles that resync-role makes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from orgrollout.aws.member_accounts.posture import look
from orgrollout.aws.member_accounts.posture import repair as send_repair
from orgrollout.aws.transport.connection import Connection
from orgrollout.drift.finding import Finding, Verdict
from orgrollout.errors import AccessDeniedError, ManifestError
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair
from orgrollout.posture.check import repaired_by
from orgrollout.posture.seen import PostureState
from orgrollout.reconcile.drift.look_at_posture import look_at_posture
from orgrollout.reconcile.reading.plan_request import look as picture_of
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.resyncing import repair, seek
from tests.stage import BASE, DEV, EU, US, Stage, organization

pytestmark = pytest.mark.slow

RULE = "orgrollout-vpc-flow-logs-enabled"
HERE = Pair(DEV[0], EU)
MANIFEST: dict[str, Any] = {
    **BASE,
    "targets": {"organizational_units": ["/Dev"]},
    "stack_sets": {
        "log-buckets": {"template": "builtin:log-buckets"},
        "account-roles": {
            "template": "builtin:account-roles",
            "parameters": {"ServiceLinkedRole": "existing"},
        },
        "config-regional": {"template": "builtin:config-regional"},
        "flowlogs-remediation": {"template": "builtin:flowlogs-remediation"},
        "resync-role": {
            "template": "builtin:resync-role",
            "parameters": {"CallerRole": "Rollout", "ExternalId": "base-7"},
        },
    },
    "drift": {
        "probe_role": "orgrollout-resync-probe",
        "resync_role": "orgrollout-resync",
        "external_id": "base-7",
    },
}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(MANIFEST)
        yield made


def findings(stage: Stage, **drift: Any) -> list[Finding]:
    manifest = {**MANIFEST, "drift": {**MANIFEST["drift"], **drift}}
    context = stage.context()
    context = replace(context, connection=context.connection.planning())
    loaded = load_manifest(stage._write(manifest))
    picture = picture_of(loaded, context, lambda _: None, drift=True)
    return list(look_at_posture(loaded, picture, context, lambda _: None) or ())


def repairing(stage: Stage, pair: Pair = HERE) -> Connection:
    return stage.context().connection.in_account(
        pair.account, "orgrollout-resync", pair.region, external_id="base-7", read_only=False
    )


def names_of(found: list[Finding], pair: Pair = HERE) -> set[str]:
    return {f.what for f in found if f.pair == pair and f.verdict is Verdict.REAL}


def test_stopped_and_missing_resources_are_found_and_repaired_by_their_calls(stage: Stage) -> None:
    """No call is denied, and only the calls that the checks name repair anything."""
    stage.sandbox.stop_recorder(HERE.account, HERE.region)
    found = findings(stage)
    assert not [f.reason for f in found if "AccessDenied" in f.reason or "denied" in f.reason]
    assert {"config-recorder", "vpc-flow-logs"} <= names_of(found)
    assert names_of(found, Pair(DEV[1], EU)) == {"vpc-flow-logs", f"config-compliance {RULE}"}

    stage.sandbox.calls.clear()
    for each in (f for f in found if f.pair == HERE and f.verdict is Verdict.REAL):
        assert each.check is not None
        if repaired_by(each.check, each.subjects) is None:
            continue
        connection = repairing(stage)
        seen = look(connection, each.check)
        if seen.state is PostureState.BROKEN and seen.subjects:
            send_repair(connection, each.check, seen)
    stage.sandbox.run_to_end()

    written = {c.operation for c in stage.sandbox.calls if c.is_write}
    assert written == {"StartConfigurationRecorder", "StartRemediationExecution"}
    assert names_of(findings(stage)) == set()


def test_one_remediation_repairs_two_checks(stage: Stage) -> None:
    """It is started once in each account and Region, and neither finding is there afterwards."""
    both = {"vpc-flow-logs", f"config-compliance {RULE}"}
    sought = seek(stage, MANIFEST)
    found = [f for f in sought.findings.real if f.what in both]
    assert {f.what for f in found} == both
    called = [o for o in sought.resync.plan.operations if o.repair and o.repair.check]
    pairs = [Pair(a, r) for o in called for a in o.accounts for r in o.regions]
    assert sorted(pairs) == sorted({f.pair for f in found})

    done = repair(stage, sought)

    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failures
    assert not [f for f in seek(stage, MANIFEST).findings.real if f.what in both]


def test_a_redirected_flow_log_is_found_and_ours_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule of AWS Config accepts any destination; the manifest can require one."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    only_ours = deepcopy(MANIFEST)
    parameters = {"OtherFlowLogs": "ignore"}
    only_ours["stack_sets"]["flowlogs-remediation"]["parameters"] = parameters
    with Sandbox.start(organization()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        stage.apply(only_ours)
        repair(stage, seek(stage, only_ours))
        assert not seek(stage, only_ours).findings.real
        ec2 = sandbox.session(HERE.account, HERE.region).client("ec2")
        (ours,) = ec2.describe_flow_logs()["FlowLogs"]
        ec2.delete_flow_logs(FlowLogIds=[ours["FlowLogId"]])
        sandbox.session(HERE.account, HERE.region).client("s3").create_bucket(
            Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        ec2.create_flow_logs(
            ResourceIds=[ours["ResourceId"]],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::theirs",
        )

        sought = seek(stage, only_ours)
        (found,) = sought.findings.real
        done = repair(stage, sought)

        assert (found.pair, found.what) == (HERE, "vpc-flow-logs")
        assert found.reason.endswith("it goes to arn:aws:s3:::theirs")
        assert done.state.outcome is Outcome.SUCCEEDED, done.state.failed
        assert ours["LogDestination"] in {
            log["LogDestination"] for log in ec2.describe_flow_logs()["FlowLogs"]
        }


def test_flow_logs_of_ours_with_other_settings_are_found_and_replaced(
    stage: Stage,
) -> None:
    """The rule of AWS Config is content with either, so that only this check finds them."""
    repair(stage, seek(stage, MANIFEST))
    ec2 = stage.sandbox.session(HERE.account, HERE.region).client("ec2")
    (before,) = ec2.describe_flow_logs()["FlowLogs"]
    made = ec2_backends[HERE.account][HERE.region].flow_logs[before["FlowLogId"]]
    made.max_aggregation_interval = 60  # by a runbook that was configured so

    sought = seek(stage, MANIFEST)
    found = [each for each in sought.findings.real if each.pair == HERE]
    done = repair(stage, sought)

    assert [each.what for each in found] == ["vpc-flow-logs"]
    why = f"{before['FlowLogId']} in {before['ResourceId']} is not as configured"
    assert found[0].reason == f"{why}: MaxAggregationInterval"
    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failures
    (after,) = ec2.describe_flow_logs()["FlowLogs"]
    assert after["MaxAggregationInterval"] == 600
    assert not seek(stage, MANIFEST).findings.real


def test_a_changed_document_is_found_by_its_content(stage: Stage) -> None:
    ssm = stage.sandbox.session(HERE.account, HERE.region).client("ssm")
    (document,) = ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])[
        "DocumentIdentifiers"
    ]
    name = document["Name"]
    content = json.loads(ssm.get_document(Name=name, DocumentFormat="JSON")["Content"])
    assert "ssm-document Runbook" not in names_of(findings(stage))

    content["description"] = "does something else"
    ssm.update_document(Name=name, Content=json.dumps(content), DocumentVersion="$LATEST")
    ssm.update_document_default_version(Name=name, DocumentVersion="2")
    documents = {f.pair: f for f in findings(stage) if f.what == "ssm-document Runbook"}
    assert set(documents) == {HERE}, {f.reason for f in documents.values()}
    changed = documents[HERE]
    assert changed.check is not None
    assert repaired_by(changed.check, changed.subjects) is None


def test_compliant_rules_are_read_from_the_aggregator(stage: Stage) -> None:
    config = stage.sandbox.session(None, US).client("config")
    role = "arn:aws:iam::999999999999:role/aggregator"
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={"RoleArn": role, "AllAwsRegions": True},
    )
    stage.sandbox.calls.clear()
    found = findings(stage, aggregator="all")

    asked = [c.operation for c in stage.sandbox.calls]
    assert asked.count("DescribeAggregateComplianceByConfigRules") == 1
    assert f"config-compliance {RULE}" in names_of(found)


def test_a_role_denies_a_caller_without_the_external_id(stage: Stage) -> None:
    """A manifest with another id than its own role asks for is refused before AWS denies it."""
    with pytest.raises(ManifestError, match="external_id"):
        findings(stage, external_id="another")
    with pytest.raises(AccessDeniedError):
        stage.context().connection.in_account(HERE.account, "orgrollout-resync", HERE.region)


def test_the_repair_role_may_not_change_other_stacks(stage: Stage) -> None:
    connection = repairing(stage)
    with pytest.raises(AccessDeniedError):
        connection.call("cloudformation", "DeleteStack", {"StackName": "payroll"})
    with pytest.raises(AccessDeniedError):
        connection.call(
            "cloudformation",
            "CreateChangeSet",
            {"StackName": "payroll", "ChangeSetName": "or-1", "UsePreviousTemplate": True},
        )
    role = {
        "ResourceType": "AWS::IAM::Role",
        "LogicalResourceId": "Admin",
        "ResourceIdentifier": {"RoleName": "Admin"},
    }
    stack = stage.sandbox.stack_set("base-config-regional").instances[HERE].stack_id
    with pytest.raises(AccessDeniedError):
        connection.call(
            "cloudformation",
            "CreateChangeSet",
            {
                "StackName": str(stack),
                "ChangeSetName": "or-1",
                "ChangeSetType": "IMPORT",
                "UsePreviousTemplate": True,
                "ResourcesToImport": [role],
            },
        )
