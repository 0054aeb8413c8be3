"""Checks are looked at through reads alone, each read once, and repaired by exactly one call."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from orgrollout.aws.member_accounts.config_aggregator import aggregated_compliance
from orgrollout.aws.member_accounts.posture import Looking, look, repair
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import (
    AccessDeniedError,
    InvalidCredentialsError,
    NotStartedError,
    ReadOnlyError,
)
from orgrollout.model.content import content_digest
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureState, Subject, broken, broken_for, ok
from tests.aws.conftest import stub

OK, BROKEN, UNKNOWN = PostureState.OK, PostureState.BROKEN, PostureState.UNKNOWN
NOW = datetime(2026, 1, 5, tzinfo=UTC)
RECORDER = PostureCheck(name="config-recorder")
RULE = PostureCheck(name="config-rule", arguments={"rule": "r"})
COMPLIANCE = PostureCheck(
    name="config-compliance", arguments={"rule": "r", "remediated_type": "AWS::EC2::VPC"}
)
FLOW_LOGS = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL", "rule": "r"})
CONTENT = {"schemaVersion": "0.3", "timeout": 300}
DOCUMENT = PostureCheck(
    name="ssm-document",
    arguments={"resource": "Runbook", "stack": "s", "digest": content_digest(CONTENT)},
)
NAMED = {"ConfigRuleNames": ["r"]}
FAILING = {"ComplianceType": "NON_COMPLIANT"}


@dataclass
class Services:
    """Botocore's stubs of the services of one connection; every stubbed answer has to be used."""

    connection: Connection
    stack: ExitStack
    made: dict[str, Stubber] = field(default_factory=dict)

    def __call__(self, service: str) -> Stubber:
        if service not in self.made:
            self.made[service] = self.stack.enter_context(stub(self.connection, service))
        return self.made[service]


@pytest.fixture
def services(connection: Connection) -> Iterator[Services]:
    with ExitStack() as stack:
        found = Services(connection, stack)
        yield found
        for each in found.made.values():
            each.assert_no_pending_responses()


def recorder_status(**status: Any) -> dict[str, Any]:
    return {"ConfigurationRecordersStatus": [{"name": "default", **status}]}


def test_a_failing_recorder_is_recognised_by_status_in_any_spelling(
    services: Services, connection: Connection
) -> None:
    answer = recorder_status(
        recording=True, lastStatus="FAILURE", lastErrorCode="AccessDenied", lastErrorMessage="no"
    )
    services("config").add_response("describe_configuration_recorder_status", answer, {})
    assert look(connection, RECORDER).reason == "the recorder default fails: AccessDenied: no"


def test_recorders_of_other_services_do_not_count(
    services: Services, connection: Connection
) -> None:
    answer = recorder_status(recording=True, servicePrincipal="securityhub.amazonaws.com")
    services("config").add_response("describe_configuration_recorder_status", answer, {})
    assert look(connection, RECORDER).state is BROKEN


def test_a_check_without_permission_is_unknown_with_the_reason(
    services: Services, connection: Connection
) -> None:
    services("config").add_client_error(
        "describe_configuration_recorder_status", "AccessDeniedException", "explicit deny in an SCP"
    )
    seen = look(connection, RECORDER)
    assert seen.state is UNKNOWN
    assert "explicit deny in an SCP" in seen.reason


def test_a_transient_error_is_raised_to_a_waiting_caller_and_unknown_otherwise(
    services: Services, connection: Connection
) -> None:
    """Repairs look again; a list of findings says that it could not be read."""
    for _ in range(2):
        services("config").add_client_error(
            "describe_configuration_recorder_status", "ExpiredToken", "expired"
        )
    with pytest.raises(InvalidCredentialsError):
        look(connection, RECORDER)
    assert Looking(connection).look(RECORDER).state is UNKNOWN


def test_a_rule_that_is_gone_is_broken_and_not_an_error(
    services: Services, connection: Connection
) -> None:
    for operation in ("describe_config_rules", "describe_compliance_by_config_rule"):
        services("config").add_client_error(operation, "NoSuchConfigRuleException", "none")
    looking = Looking(connection)
    assert looking.look(RULE).reason == "there is no rule r"
    assert looking.look(COMPLIANCE).reason == "there is no rule r"


def test_a_rule_that_evaluates_is_ok(services: Services, connection: Connection) -> None:
    rule = {
        "ConfigRules": [
            {"ConfigRuleName": "r", "ConfigRuleState": "ACTIVE", "Source": {"Owner": "AWS"}}
        ]
    }
    status = {
        "ConfigRulesEvaluationStatus": [
            {"ConfigRuleName": "r", "LastSuccessfulEvaluationTime": NOW}
        ]
    }
    services("config").add_response("describe_config_rules", rule, NAMED)
    services("config").add_response("describe_config_rule_evaluation_status", status, NAMED)
    assert look(connection, RULE).state is OK


def test_resources_that_fail_a_rule_are_named_from_all_pages(
    services: Services, connection: Connection
) -> None:
    found = {"ComplianceByConfigRules": [{"ConfigRuleName": "r", "Compliance": FAILING}]}
    services("config").add_response("describe_compliance_by_config_rule", found, NAMED)
    for names, token in ((["vpc-1", "vpc-2"], "more"), (["vpc-3"], None)):
        page: dict[str, Any] = {
            "EvaluationResults": [
                {"EvaluationResultIdentifier": {"EvaluationResultQualifier": {"ResourceId": name}}}
                for name in names
            ]
        }
        page |= {"NextToken": token} if token else {}
        services("config").add_response("get_compliance_details_by_config_rule", page)
    services("config").add_response(
        "describe_remediation_exceptions", {"RemediationExceptions": []}
    )
    assert look(connection, COMPLIANCE).subjects == ("vpc-1", "vpc-2", "vpc-3")


def resource(services: Services) -> None:
    detail = {
        "LogicalResourceId": "Runbook",
        "PhysicalResourceId": "StackSet-x-Runbook",
        "ResourceType": "AWS::SSM::Document",
        "LastUpdatedTimestamp": NOW,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    services("cloudformation").add_response(
        "describe_stack_resource", {"StackResourceDetail": detail}
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "state"),
    [
        (json.dumps(CONTENT, indent=4), OK),
        (json.dumps({**CONTENT, "timeout": "300"}), OK),
        (json.dumps({**CONTENT, "timeout": 301}), BROKEN),
        ("no: [json", BROKEN),
    ],
)
def test_a_document_is_compared_by_its_meaning(
    services: Services, connection: Connection, content: str, state: PostureState
) -> None:
    resource(services)
    services("ssm").add_response("get_document", {"Name": "StackSet-x-Runbook", "Content": content})
    assert look(connection, DOCUMENT).state is state


def test_a_document_that_is_gone_is_broken(services: Services, connection: Connection) -> None:
    resource(services)
    services("ssm").add_client_error("get_document", "InvalidDocument", "none")
    assert look(connection, DOCUMENT).reason == "there is no document StackSet-x-Runbook"


def test_a_document_of_a_stack_that_is_not_known_is_unknown(connection: Connection) -> None:
    check = PostureCheck(name="ssm-document", arguments={"resource": "Runbook"})
    assert look(connection, check).state is UNKNOWN


def test_a_check_with_an_argument_that_only_cloudformation_knows_is_unknown(
    connection: Connection,
) -> None:
    check = PostureCheck(name="config-rule", arguments={"rule": "{{resolve:ssm:name}}"})
    assert look(connection, check).state is UNKNOWN


def inside(services: Services) -> None:
    who = {"Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/R/s"}
    services("sts").add_response("get_caller_identity", who)


def test_shared_vpcs_do_not_count_and_checks_share_their_reads(
    services: Services, connection: Connection
) -> None:
    inside(services)
    vpcs = [
        {"VpcId": "vpc-1", "OwnerId": "111122223333"},
        {"VpcId": "vpc-shared", "OwnerId": "999988887777"},
        {"VpcId": "vpc-2", "OwnerId": "111122223333"},
    ]
    logs = [
        {
            "FlowLogId": "fl-1",
            "ResourceId": "vpc-1",
            "FlowLogStatus": "ACTIVE",
            "TrafficType": "REJECT",
        }
    ]
    services("ec2").add_response("describe_vpcs", {"Vpcs": vpcs})
    services("ec2").add_response("describe_flow_logs", {"FlowLogs": logs})
    looking = Looking(connection)
    rejected = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "REJECT"})

    services("config").add_response(
        "describe_remediation_exceptions", {"RemediationExceptions": []}
    )
    assert looking.look(FLOW_LOGS).subjects == ("vpc-1", "vpc-2")
    assert looking.look(rejected).subjects == ("vpc-2",)


@pytest.mark.parametrize(
    ("check", "subject", "operation", "request_"),
    [
        (RECORDER, "a", "start_configuration_recorder", {"ConfigurationRecorderName": "a"}),
        (RULE, "r", "start_config_rules_evaluation", NAMED),
        (
            FLOW_LOGS,
            "vpc-1",
            "start_remediation_execution",
            {
                "ConfigRuleName": "r",
                "ResourceKeys": [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1"}],
            },
        ),
    ],
)
def test_a_repair_sends_exactly_one_call(
    services: Services, check: PostureCheck, subject: str, operation: str, request_: Any
) -> None:
    connection = services.connection
    services("config").add_response(operation, {}, request_)
    call = repair(connection, check, broken("it is", subject, by_call=True))
    assert call == "config:" + "".join(part.title() for part in operation.split("_"))


def test_a_remediation_gets_at_most_a_hundred_resources_at_a_time(
    services: Services, connection: Connection
) -> None:
    keys = [{"resourceType": "AWS::EC2::VPC", "resourceId": f"vpc-{n}"} for n in range(100)]
    services("config").add_response(
        "start_remediation_execution", {}, {"ConfigRuleName": "r", "ResourceKeys": keys}
    )
    many = [Subject(id=f"vpc-{n}", reason="fails", by_call=True) for n in range(130)]
    repair(connection, COMPLIANCE, broken_for(many))


def test_a_remediation_that_did_not_start_names_its_resources(
    services: Services, connection: Connection
) -> None:
    failed = [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1"}]
    services("config").add_response(
        "start_remediation_execution", {"FailureMessage": "in progress", "FailedItems": failed}
    )
    with pytest.raises(NotStartedError, match=r"not started for vpc-1: in progress"):
        repair(connection, FLOW_LOGS, broken("one", "vpc-1", by_call=True))


@pytest.mark.parametrize("seen", [ok(), broken("nothing to start")])
def test_a_repair_sends_nothing_where_no_call_repairs_anything(
    connection: Connection, seen: Any
) -> None:
    with pytest.raises(ValueError, match="no call repairs config-recorder"):
        repair(connection, RECORDER, seen)


def test_a_repair_through_a_read_only_connection_is_refused(connection: Connection) -> None:
    with pytest.raises(ReadOnlyError):
        repair(connection.planning(), RECORDER, broken("stopped", "default", by_call=True))


def test_the_aggregator_is_read_for_all_accounts_in_pages(
    services: Services, connection: Connection
) -> None:
    for account, token in (("100000000001", "more"), ("100000000002", None)):
        row = {
            "ConfigRuleName": "r",
            "AccountId": account,
            "AwsRegion": "eu-west-1",
            "Compliance": {"ComplianceType": "COMPLIANT"},
        }
        page: dict[str, Any] = {"AggregateComplianceByConfigRules": [row]}
        page |= {"NextToken": token} if token else {}
        services("config").add_response("describe_aggregate_compliance_by_config_rules", page)
    accounts = (AccountId("100000000001"), AccountId("100000000002"))
    expected = [(Pair(account, Region("eu-west-1")), "COMPLIANT") for account in accounts]
    assert list(aggregated_compliance(connection, "all", "r")) == expected


def test_an_aggregator_without_permission_is_an_error(
    services: Services, connection: Connection
) -> None:
    services("config").add_client_error(
        "describe_aggregate_compliance_by_config_rules", "AccessDeniedException", "no"
    )
    with pytest.raises(AccessDeniedError):
        list(aggregated_compliance(connection, "all", "r"))
