"""AWS Config where moto has nothing: compliance of the flow-log rule, what remediates it."""

from collections.abc import Mapping
from typing import Any

from moto.config.models import config_backends

from orgrollout.sandbox.api.config.evaluations import RuleEvaluations
from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.moto.resource_types import REMEDIATIONS
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]


class ConfigApi:
    """The calls on compliance and remediation, inside of an account and Region."""

    def __init__(self, timeline: Timeline, evaluations: RuleEvaluations) -> None:
        self._timeline = timeline
        self._evaluations = evaluations

    def describe_compliance_by_config_rule(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the compliance of rules."""
        wanted = params.get("ComplianceTypes") or ()
        found = []
        for rule in _rules(caller, params.get("ConfigRuleNames")):
            compliance = self._evaluations.compliance(caller.account, caller.region, rule)
            if not wanted or compliance["ComplianceType"] in wanted:
                found.append({"ConfigRuleName": rule.config_rule_name, "Compliance": compliance})
        items, token = responses.page(found, {"NextToken": params.get("NextToken")})
        return {"ComplianceByConfigRules": items, "NextToken": token}

    def get_compliance_details_by_config_rule(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the compliance of resources with a rule."""
        (rule,) = _rules(caller, [params["ConfigRuleName"]])
        wanted = params.get("ComplianceTypes") or ()
        found = [
            each
            for each in self._evaluations.results(caller.account, caller.region, rule)
            if not wanted or each["ComplianceType"] in wanted
        ]
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit")}
        items, token = responses.page(found, paging)
        return {"EvaluationResults": items, "NextToken": token}

    def describe_config_rules(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Refuse rules that do not exist; moto lists the others."""
        _rules(caller, params.get("ConfigRuleNames"))
        return FORWARD

    def describe_config_rule_evaluation_status(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return a successful evaluation of rules, of this moment."""
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
        """Plan the evaluation of rules."""
        for rule in _rules(caller, params.get("ConfigRuleNames")):
            self._evaluations.ask(caller.account, caller.region, rule)
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
