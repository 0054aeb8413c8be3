"""AWS Config where moto has nothing: compliance of the flow-log rule, what remediates it.

The compliance of VPC_FLOW_LOGS_ENABLED is computed from the VPCs and flow logs that exist
in the account and Region at the moment of the question.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.config.models import config_backends
from moto.ec2.models import ec2_backends

from orgrollout.sandbox import views
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.gateway import FORWARD
from orgrollout.sandbox.resource_types import REMEDIATIONS
from orgrollout.sandbox.stack_sets import Caller
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
FLOW_LOG_RULE = "VPC_FLOW_LOGS_ENABLED"


class ConfigApi:
    """The calls on compliance and remediation, inside of an account and Region."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def describe_compliance_by_config_rule(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Tell which rules are complied with."""
        wanted = params.get("ComplianceTypes") or ()
        found = []
        for rule in _rules(caller, params.get("ConfigRuleNames")):
            compliance = compliance_of(caller.account, caller.region, rule)
            if not wanted or compliance["ComplianceType"] in wanted:
                found.append({"ConfigRuleName": rule.config_rule_name, "Compliance": compliance})
        items, token = views.page(found, {"NextToken": params.get("NextToken")})
        return {"ComplianceByConfigRules": items, "NextToken": token}

    def get_compliance_details_by_config_rule(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Tell which resources comply with a rule."""
        (rule,) = _rules(caller, [params["ConfigRuleName"]])
        wanted = params.get("ComplianceTypes") or ()
        now = self._timeline.now()
        found = [
            each
            for each in evaluations(caller.account, caller.region, rule, now)
            if not wanted or each["ComplianceType"] in wanted
        ]
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit")}
        items, token = views.page(found, paging)
        return {"EvaluationResults": items, "NextToken": token}

    def describe_config_rules(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Refuse rules that do not exist; moto lists the others."""
        _rules(caller, params.get("ConfigRuleNames"))
        return FORWARD

    def describe_config_rule_evaluation_status(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Tell that rules were evaluated just now, and it went well."""
        now = self._timeline.now()
        found = [
            {
                "ConfigRuleName": rule.config_rule_name,
                "LastSuccessfulInvocationTime": now,
                "LastSuccessfulEvaluationTime": now,
                "FirstEvaluationStarted": True,
            }
            for rule in _rules(caller, params.get("ConfigRuleNames"))
        ]
        return {"ConfigRulesEvaluationStatus": found}

    def start_config_rules_evaluation(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Accept an evaluation; compliance is always up to date."""
        _rules(caller, params.get("ConfigRuleNames"))
        return {}

    def put_remediation_configurations(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Keep remediation configurations."""
        place = REMEDIATIONS.setdefault((caller.account, caller.region), {})
        for each in params["RemediationConfigurations"]:
            place[each["ConfigRuleName"]] = dict(each)
        return {"FailedBatches": []}

    def describe_remediation_configurations(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the remediation configurations of rules."""
        place = REMEDIATIONS.get((caller.account, caller.region), {})
        found = [place[name] for name in params["ConfigRuleNames"] if name in place]
        return {"RemediationConfigurations": found}

    def delete_remediation_configuration(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Delete the remediation configuration of a rule."""
        place = REMEDIATIONS.get((caller.account, caller.region), {})
        if place.pop(params["ConfigRuleName"], None) is None:
            raise ApiError(
                "NoSuchRemediationConfigurationException", "There is no such configuration."
            )
        return {}


def _rules(caller: Caller, names: list[str] | None) -> list[Any]:
    rules = config_backends[caller.account][caller.region].config_rules
    missing = [name for name in names or () if name not in rules]
    if missing:
        message = f"The ConfigRule '{missing[0]}' provided in the request is invalid."
        raise ApiError("NoSuchConfigRuleException", message)
    return [rules[name] for name in names] if names else list(rules.values())


def compliance_of(account: str, region: str, rule: Any) -> Answer:
    """Return the ``Compliance`` of a rule in an account and Region."""
    bad = sum(not good for good in _compliance(account, region, rule).values())
    compliance: Answer = {"ComplianceType": _status(account, region, rule)}
    if bad:
        count = {"CappedCount": min(bad, 25), "CapExceeded": bad > 25}  # noqa: PLR2004
        compliance["ComplianceContributorCount"] = count
    return compliance


def evaluations(account: str, region: str, rule: Any, moment: datetime) -> list[Answer]:
    """Return what a rule found on each resource."""
    return [
        _evaluation(rule, vpc, "COMPLIANT" if good else "NON_COMPLIANT", moment)
        for vpc, good in _compliance(account, region, rule).items()
    ]


def _status(account: str, region: str, rule: Any) -> str:
    backend = config_backends[account][region]
    recording = any(each.status.recording for each in backend.recorders.values())
    if rule.source.source_identifier != FLOW_LOG_RULE or not recording:
        return "INSUFFICIENT_DATA"
    good = all(_compliance(account, region, rule).values())
    return "COMPLIANT" if good else "NON_COMPLIANT"


def _compliance(account: str, region: str, rule: Any) -> dict[str, bool]:
    """Return whether each VPC has an active flow log of the rule's traffic type."""
    if rule.source.source_identifier != FLOW_LOG_RULE:
        return {}
    ec2 = ec2_backends[account][region]
    wanted = rule.input_parameters_dict.get("trafficType", "ALL")
    logged = {
        log.resource_id
        for log in ec2.flow_logs.values()
        if log.flow_log_status == "ACTIVE"
        and log.deliver_logs_status != "FAILED"
        and log.traffic_type in (wanted, "ALL")
    }
    return {vpc: vpc in logged for vpc in ec2.vpcs}


def _evaluation(rule: Any, vpc: str, status: str, moment: datetime) -> dict[str, Any]:
    return {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": rule.config_rule_name,
                "ResourceType": "AWS::EC2::VPC",
                "ResourceId": vpc,
            },
            "OrderingTimestamp": moment,
        },
        "ComplianceType": status,
        "ResultRecordedTime": moment,
        "ConfigRuleInvokedTime": moment,
    }
