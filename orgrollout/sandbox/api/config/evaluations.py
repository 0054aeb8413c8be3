"""The results of the latest evaluation of the flow-log rule by AWS Config.

VPC_FLOW_LOGS_ENABLED is evaluated by the clock, and not as flow logs come and go. With a period
what was found stays so until the period is over or a caller asks for an evaluation; without one it
is as things are at the moment of the question.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from moto.config.models import config_backends
from moto.ec2.models import ec2_backends

from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.timeline import Timeline

FLOW_LOG_RULE = "VPC_FLOW_LOGS_ENABLED"
Answer = dict[str, Any]
_AT_MOST = timedelta(minutes=1)  # one evaluation that a caller asks for [D StartConfigRulesEval.]
_TAKES = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Found:
    moment: datetime
    complies: dict[str, bool]  # by VPC


class RuleEvaluations:
    """Evaluates rules, and remembers what came of it."""

    def __init__(self, timeline: Timeline, settings: Settings) -> None:
        self._timeline = timeline
        self._period = settings.rule_evaluation_period
        self._found: dict[tuple[str, str, str], _Found] = {}
        self._asked: dict[tuple[str, str, str], datetime] = {}

    def ask(self, account: str, region: str, rule: Any) -> None:
        """Plan the evaluation of a rule.

        Raises:
            ApiError: A caller has asked for it less than a minute ago.
        """
        if not self._period:
            return
        key, now = (account, region, str(rule.config_rule_name)), self._timeline.now()
        if key in self._asked and now - self._asked[key] < _AT_MOST:
            raise ApiError("LimitExceededException", "An evaluation is in progress for the rule.")
        self._asked[key] = now
        self._timeline.at(now + _TAKES, partial(self._evaluate, account, region, rule))

    def compliance(self, account: str, region: str, rule: Any) -> Answer:
        """Return the ``Compliance`` of a rule in an account and Region."""
        backend = config_backends[account][region]
        recording = any(each.status.recording for each in backend.recorders.values())
        if rule.source.source_identifier != FLOW_LOG_RULE or not recording:
            return {"ComplianceType": "INSUFFICIENT_DATA"}
        bad = sum(not good for good in self._last(account, region, rule).complies.values())
        if not bad:
            return {"ComplianceType": "COMPLIANT"}
        count = {"CappedCount": min(bad, 25), "CapExceeded": bad > 25}  # noqa: PLR2004
        return {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": count}

    def results(self, account: str, region: str, rule: Any) -> list[Answer]:
        """Return what a rule found on each resource."""
        if rule.source.source_identifier != FLOW_LOG_RULE:
            return []
        found = self._last(account, region, rule)
        return [
            _result(rule, vpc, "COMPLIANT" if good else "NON_COMPLIANT", found.moment)
            for vpc, good in found.complies.items()
        ]

    def _last(self, account: str, region: str, rule: Any) -> _Found:
        known = self._found.get((account, region, str(rule.config_rule_name)))
        if known is None or self._timeline.now() - known.moment >= self._period:
            self._evaluate(account, region, rule)
        return self._found[account, region, str(rule.config_rule_name)]

    def _evaluate(self, account: str, region: str, rule: Any) -> None:
        found = _Found(self._timeline.now(), _complies(account, region, rule))
        self._found[account, region, str(rule.config_rule_name)] = found


def _complies(account: str, region: str, rule: Any) -> dict[str, bool]:
    """Return whether each VPC has an active flow log of the rule's traffic type."""
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


def _result(rule: Any, vpc: str, status: str, moment: datetime) -> Answer:
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
