"""One walk through every operation that the sandbox answers itself, with what each answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationModel

from orgrollout.sandbox import Sandbox
from tests.paths import STACKSETS
from tests.sandbox.moto.test_provisioned import CONFIG
from tests.sandbox.support import ACCOUNTS, HOME, TEMPLATE, targets, unit

ONE, TWO = ACCOUNTS[:2]
AUDIT = "222222222222"
RULE = "orgrollout-vpc-flow-logs-enabled"
STACK_SETS = "member.org.stacksets.cloudformation.amazonaws.com"


@dataclass(frozen=True)
class Heard:
    """An answer: as botocore parsed it, and as it came."""

    model: OperationModel
    parsed: Mapping[str, Any]
    body: bytes


@dataclass
class Tour:
    """Walks, and keeps what it heard of each operation."""

    sandbox: Sandbox
    heard: dict[tuple[str, str], list[Heard]] = field(default_factory=dict)

    def client(self, service: str, account: str | None = None) -> Any:
        """Return a client whose answers are kept."""
        made: Any = self.sandbox.session(account)
        client = made.client(service, HOME)
        client.meta.events.register("after-call", self._keep)
        return client

    def _keep(self, http_response: Any, parsed: Any, model: OperationModel, **_: Any) -> None:
        assert http_response.status_code == 200, (model.name, parsed)
        key = (model.service_model.service_name, model.name)
        self.heard.setdefault(key, []).append(Heard(model, parsed, http_response.content))

    def walk(self) -> None:
        """Call every operation, each so that its answer has something in it."""
        self._organization()
        self._regions()
        self._stack_sets()
        self._stacks()
        self._plain_stacks()
        self._config()
        self._aggregator()
        self._deletions()

    def _organization(self) -> None:
        own = self.client("organizations")
        own.describe_organization()
        root = own.list_roots()["Roots"][0]["Id"]
        own.list_accounts()
        own.describe_account(AccountId=ONE)
        own.list_accounts_for_parent(ParentId=unit(self.sandbox, "Security"))
        own.list_organizational_units_for_parent(ParentId=root)
        own.describe_organizational_unit(OrganizationalUnitId=unit(self.sandbox, "Workloads"))
        own.list_children(ParentId=root, ChildType="ORGANIZATIONAL_UNIT")
        own.list_parents(ChildId=ONE)
        own.tag_resource(ResourceId=ONE, Tags=[{"Key": "env", "Value": "prod"}])
        own.list_tags_for_resource(ResourceId=ONE)
        own.untag_resource(ResourceId=ONE, TagKeys=["env"])
        own.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
        own.list_aws_service_access_for_organization()
        own.disable_aws_service_access(ServicePrincipal="config.amazonaws.com")
        own.register_delegated_administrator(AccountId=TWO, ServicePrincipal=STACK_SETS)
        own.list_delegated_administrators()
        own.list_delegated_services_for_account(AccountId=TWO)
        own.deregister_delegated_administrator(AccountId=TWO, ServicePrincipal=STACK_SETS)
        made = own.create_organizational_unit(ParentId=root, Name="New")["OrganizationalUnit"]
        begun = own.create_account(AccountName="new", Email="new@example.com")
        status = begun["CreateAccountStatus"]
        self.sandbox.run_to_end()
        found = own.describe_create_account_status(CreateAccountRequestId=status["Id"])
        account = found["CreateAccountStatus"]["AccountId"]
        own.move_account(AccountId=account, SourceParentId=root, DestinationParentId=made["Id"])
        own.close_account(AccountId=account)
        own.remove_account_from_organization(AccountId="300000000000")
        empty = own.create_organizational_unit(ParentId=root, Name="Empty")["OrganizationalUnit"]
        own.delete_organizational_unit(OrganizationalUnitId=empty["Id"])

    def _regions(self) -> None:
        account = self.client("account")
        account.list_regions()
        account.enable_region(AccountId=ONE, RegionName="ap-east-1")
        account.get_region_opt_status(AccountId=ONE, RegionName="ap-east-1")
        account.disable_region(AccountId=ONE, RegionName="ap-east-1")
        self.client("ec2").describe_regions(AllRegions=True)
        sts = self.client("sts")
        sts.get_caller_identity()
        role = f"arn:aws:iam::{ONE}:role/OrganizationAccountAccessRole"
        sts.assume_role(RoleArn=role, RoleSessionName="me")

    def _deploy(
        self, name: str, body: str, accounts: tuple[str, ...], where: str, **more: Any
    ) -> Any:
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack_set(
            StackSetName=name, TemplateBody=body, PermissionModel="SERVICE_MANAGED", **more
        )
        begun = cloudformation.create_stack_instances(
            StackSetName=name,
            DeploymentTargets=targets(unit(self.sandbox, where), accounts),
            Regions=[HOME],
            OperationPreferences={"MaxConcurrentCount": 2, "FailureToleranceCount": 1},
        )
        return begun["OperationId"]

    def _end(self) -> None:
        self.sandbox.run_to_end()

    def _stack_sets(self) -> None:
        own = self.client("cloudformation")
        own.deactivate_organizations_access()
        own.activate_organizations_access()
        own.describe_organizations_access()
        tags = [{"Key": "owner", "Value": "me"}]
        operation = self._deploy("base", TEMPLATE, (ONE, TWO), "Workloads", Tags=tags)
        own.describe_stack_set_operation(StackSetName="base", OperationId=operation)
        own.list_stack_instances(StackSetName="base")
        self._end()
        own.describe_stack_set_operation(StackSetName="base", OperationId=operation)
        own.list_stack_set_operations(StackSetName="base")
        own.list_stack_set_operation_results(StackSetName="base", OperationId=operation)
        own.list_stack_set_auto_deployment_targets(StackSetName="base")
        own.get_template_summary(StackSetName="base")
        where = {
            "StackSetName": "base",
            "DeploymentTargets": targets(unit(self.sandbox, "Workloads"), [ONE]),
            "Regions": [HOME],
        }
        days = [{"ParameterKey": "Days", "ParameterValue": "7"}]
        own.update_stack_instances(**where, ParameterOverrides=days)
        self._end()
        own.update_stack_set(StackSetName="base", UsePreviousTemplate=True, Description="d")
        self._end()
        self.sandbox.tamper(ONE, HOME, "base", "Group", "/RetentionInDays", 90)
        drift = own.detect_stack_set_drift(StackSetName="base")["OperationId"]
        own.describe_stack_set_operation(StackSetName="base", OperationId=drift)
        self._end()
        own.describe_stack_set_operation(StackSetName="base", OperationId=drift)
        one = {"StackInstanceAccount": ONE, "StackInstanceRegion": HOME, "StackSetName": "base"}
        own.list_stack_instance_resource_drifts(**one, OperationId=drift)
        own.describe_stack_instance(**one)
        own.describe_stack_set(StackSetName="base")
        own.list_stack_sets()
        stopped = own.update_stack_instances(**where)["OperationId"]
        own.stop_stack_set_operation(StackSetName="base", OperationId=stopped)
        self._end()
        own.describe_stack_set_operation(StackSetName="base", OperationId=stopped)

    def _stacks(self) -> None:
        instance = self.sandbox.stack_set("base").instances[ONE, HOME]
        stack = str(instance.stack_id)
        inside = self.client("cloudformation", ONE)
        inside.describe_stacks()
        inside.describe_stack_events(StackName=stack)
        begun = inside.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
        self._end()
        inside.describe_stack_drift_detection_status(StackDriftDetectionId=begun)
        inside.describe_stack_resource_drifts(StackName=stack)
        change: dict[str, Any] = {"StackName": stack, "ChangeSetName": "back"}
        for name in ("away", "back"):
            inside.create_change_set(
                StackName=stack,
                ChangeSetName=name,
                ChangeSetType="UPDATE",
                DeploymentMode="REVERT_DRIFT",
                UsePreviousTemplate=True,
            )
        self._end()
        inside.list_change_sets(StackName=stack)
        inside.describe_change_set(**change)
        inside.delete_change_set(StackName=stack, ChangeSetName="away")
        inside.execute_change_set(**change)
        self._end()
        other = TEMPLATE.replace("Default: 30", "Default: 60")
        inside.update_stack(StackName=stack, TemplateBody=other)

    def _plain_stacks(self) -> None:
        own = self.client("cloudformation", TWO)
        body = TEMPLATE.replace("${Prefix}", "plain")
        own.create_stack(StackName="plain", TemplateBody=body, Tags=[{"Key": "a", "Value": "b"}])
        own.list_stacks(StackStatusFilter=["CREATE_COMPLETE"])
        for protected in (True, False):
            own.update_termination_protection(
                StackName="plain", EnableTerminationProtection=protected
            )
        own.delete_stack(StackName="plain")

    def _config(self) -> None:
        self._deploy("config", CONFIG.replace("flow-logs", RULE), (ONE, TWO), "Workloads")
        runbook = (STACKSETS / "flowlogs-remediation.yaml").read_text(encoding="utf-8")
        chosen = {"Destination": "cloud-watch-logs", "Remediation": "manual"}
        values = [{"ParameterKey": k, "ParameterValue": v} for k, v in chosen.items()]
        self._end()
        self._deploy("runbook", runbook, (ONE,), "Workloads", Parameters=values)
        self._end()
        config = self.client("config", ONE)
        config.stop_configuration_recorder(ConfigurationRecorderName="own")
        config.start_configuration_recorder(ConfigurationRecorderName="own")
        config.describe_configuration_recorder_status()
        config.describe_delivery_channel_status()
        config.describe_config_rules()
        config.describe_config_rule_evaluation_status()
        config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
        config.describe_compliance_by_config_rule()
        config.get_compliance_details_by_config_rule(ConfigRuleName=RULE)
        found = config.describe_remediation_configurations(ConfigRuleNames=[RULE])
        (remediation,) = found["RemediationConfigurations"]
        kept = {k: v for k, v in remediation.items() if k not in ("Arn", "CreatedByService")}
        config.put_remediation_configurations(RemediationConfigurations=[kept])
        vpc = self.sandbox.session(ONE).client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        keys = [{"resourceType": "AWS::EC2::VPC", "resourceId": vpc}]
        config.start_remediation_execution(ConfigRuleName=RULE, ResourceKeys=keys)
        config.describe_remediation_execution_status(ConfigRuleName=RULE, ResourceKeys=keys)
        self._end()
        config.describe_remediation_execution_status(ConfigRuleName=RULE, ResourceKeys=keys)
        ssm = self.client("ssm", ONE)
        (run,) = ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
        ssm.get_automation_execution(AutomationExecutionId=run["AutomationExecutionId"])
        content = {"schemaVersion": "0.3", "mainSteps": []}
        ssm.create_document(
            Name="by-hand",
            Content=json.dumps(content),
            DocumentType="Automation",
            TargetType="/AWS::EC2::VPC",
        )
        content["description"] = "changed"
        ssm.update_document(Name="by-hand", Content=json.dumps(content), DocumentVersion="$LATEST")
        self.client("cloudtrail", ONE).lookup_events(MaxResults=1)
        excepted = {
            "ConfigRuleName": RULE,
            "ResourceKeys": [{"ResourceType": "AWS::EC2::VPC", "ResourceId": vpc}],
        }
        config.put_remediation_exceptions(**excepted, Message="as it is")
        config.describe_remediation_exceptions(**excepted)
        for _ in range(2):
            config.delete_remediation_exceptions(**excepted)
        config.delete_remediation_configuration(ConfigRuleName=RULE)

    def _aggregator(self) -> None:
        body = (STACKSETS / "org-aggregator.yaml").read_text(encoding="utf-8")
        self._deploy("agg", body, (AUDIT,), "Security", Capabilities=["CAPABILITY_NAMED_IAM"])
        self._end()
        config = self.client("config", AUDIT)
        (found,) = config.describe_configuration_aggregators()["ConfigurationAggregators"]
        name = {"ConfigurationAggregatorName": found["ConfigurationAggregatorName"]}
        config.describe_configuration_aggregator_sources_status(**name)
        config.describe_aggregate_compliance_by_config_rules(**name)
        config.get_aggregate_compliance_details_by_config_rule(
            **name, ConfigRuleName=RULE, AccountId=ONE, AwsRegion=HOME
        )

    def _deletions(self) -> None:
        own = self.client("cloudformation")
        stack = str(self.sandbox.stack_set("base").instances[TWO, HOME].stack_id)
        base = unit(self.sandbox, "Workloads")
        for accounts, retain in (([TWO], True), ([ONE], False)):
            own.delete_stack_instances(
                StackSetName="base",
                DeploymentTargets=targets(base, accounts),
                Regions=[HOME],
                RetainStacks=retain,
            )
            self._end()
        own.import_stacks_to_stack_set(
            StackSetName="base", StackIds=[stack], OrganizationalUnitIds=[base]
        )
        self._end()
        own.create_stack_set(StackSetName="empty", TemplateBody=TEMPLATE)
        own.delete_stack_set(StackSetName="empty")


def unknown_members(heard: Heard) -> list[str]:
    """Return the members of a JSON answer that the model does not have."""
    if heard.model.service_model.protocol not in ("json", "rest-json"):
        return []
    return list(_unknown(heard.model.output_shape, json.loads(heard.body), ""))


def _unknown(shape: Any, value: Any, path: str) -> list[str]:
    if shape is None:
        return [f"{path}.{name}" for name in value]
    if shape.type_name == "structure":
        found = [f"{path}.{name}" for name in value if name not in shape.members]
        for name in value.keys() & shape.members.keys():
            found += _unknown(shape.members[name], value[name], f"{path}.{name}")
        return found
    if shape.type_name == "list":
        return [each for item in value for each in _unknown(shape.member, item, path)]
    return []
