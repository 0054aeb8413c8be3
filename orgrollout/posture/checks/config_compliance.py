"""No resource fails a rule of AWS Config."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import Field

from orgrollout.posture.aws_config import NO_RULE, OF_RULE
from orgrollout.posture.definition import Arguments, Call, KnownCheck, Reader, none_if
from orgrollout.posture.remediation import remediation
from orgrollout.posture.seen import PostureSeen, Subject, broken, broken_for, ok, unknown

COMPLIANCE = Call(
    api="config:DescribeComplianceByConfigRule",
    always=("ComplianceByConfigRules[].ConfigRuleName",),
)
DETAILS = Call(
    api="config:GetComplianceDetailsByConfigRule",
    resource=OF_RULE,
    items="EvaluationResults",
    always=("EvaluationResults[].EvaluationResultIdentifier.EvaluationResultQualifier.ResourceId",),
)


class Compliance(Arguments):
    """Which rule."""

    rule: str = Field(description="its name")
    remediated_type: str | None = Field(
        None, description="what its remediation is for", examples=["AWS::EC2::VPC"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceFact:
    """How resources stand under a rule."""

    compliance: str  # COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, INSUFFICIENT_DATA
    failing: tuple[str, ...] = ()  # ids of resources that are not compliant
    evaluated: datetime | None = None  # when that was found, the last time


def look(reader: Reader, arguments: Compliance) -> PostureSeen:
    """Read what the rule found last and judge it."""
    found = none_if(NO_RULE, lambda: _fact(reader, arguments.rule))
    return judge(found, arguments.rule)


def judge(found: ComplianceFact | None, name: str) -> PostureSeen:
    """No resource that the rule looks at fails it. Without any result it is unknown."""
    if found is None:
        return broken(f"there is no rule {name}", name)
    match found.compliance:
        case "COMPLIANT" | "NOT_APPLICABLE":
            return ok(f"{name} is {found.compliance}")
        case "NON_COMPLIANT":
            parts = [
                Subject(id=each, reason=f"{name} fails for {each}", by_call=True)
                for each in found.failing
            ]
            seen = broken_for(parts) if parts else broken(f"{name} fails for some resource")
            return replace(seen, evaluated=found.evaluated)
        case _:
            return unknown(f"{name} has no result so far ({found.compliance})")


def _fact(reader: Reader, name: str) -> ComplianceFact | None:
    answer = reader.one(COMPLIANCE, ConfigRuleNames=[name])
    found = next(iter(answer.get("ComplianceByConfigRules", ())), None)
    if found is None:
        return None
    kind = found.get("Compliance", {}).get("ComplianceType", "INSUFFICIENT_DATA")
    if kind != "NON_COMPLIANT":
        return ComplianceFact(compliance=kind)
    failing = ["NON_COMPLIANT"]
    results = reader.all(DETAILS, ConfigRuleName=name, ComplianceTypes=failing, Limit=100)
    times = [each["ConfigRuleInvokedTime"] for each in results if "ConfigRuleInvokedTime" in each]
    return ComplianceFact(
        compliance=kind,
        failing=tuple(map(_resource, results)),
        evaluated=max(times, default=None),
    )


def _resource(result: Mapping[str, Any]) -> str:
    qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    return str(qualifier["ResourceId"])


CHECK = KnownCheck(
    name="config-compliance",
    noun="compliance",
    arguments=Compliance,
    reads=(COMPLIANCE, DETAILS),
    look=look,
    ok="COMPLIANT or NOT_APPLICABLE",
    broken="resources that fail it, by id; there is no such rule",
    unknown="INSUFFICIENT_DATA",
    repair=remediation(
        needs="remediated_type",
        kind=lambda arguments: arguments.remediated_type or "",
        rule=lambda arguments: arguments.rule,
        limits="for those resources, if `remediated_type` is given; "
        "`config:StartConfigRulesEvaluation` before",
    ),
    told_by="rule",
    has_one_subject=False,
    is_aggregated=True,
    is_judged_by_rule=True,
)
