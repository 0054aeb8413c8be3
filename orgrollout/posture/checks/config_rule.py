"""A rule of AWS Config exists, is active, and its last evaluation succeeded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from orgrollout.posture.aws_config import EVALUATE, NO_RULE
from orgrollout.posture.definition import (
    Arguments,
    Call,
    KnownCheck,
    Reader,
    RepairCall,
    none_if,
    words,
)
from orgrollout.posture.seen import PostureSeen, broken, ok, unknown

RULES = Call(api="config:DescribeConfigRules", always=("ConfigRules[].ConfigRuleName",))
STATUS = Call(
    api="config:DescribeConfigRuleEvaluationStatus",
    always=("ConfigRulesEvaluationStatus[].ConfigRuleName",),
)


class Rule(Arguments):
    """Which rule."""

    rule: str = Field(description="its name")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFact:
    """A rule (DescribeConfigRules), and how its evaluation goes."""

    name: str
    state: str  # ACTIVE, DELETING, DELETING_RESULTS, EVALUATING
    told: bool = True  # AWS Config tells nothing of custom Lambda rules
    succeeded: datetime | None = None
    failed: datetime | None = None
    failure: str = ""


def look(reader: Reader, arguments: Rule) -> PostureSeen:
    """Read the rule and its evaluation and judge them."""
    return judge(_fact(reader, arguments.rule), arguments.rule)


def judge(found: RuleFact | None, name: str) -> PostureSeen:
    """The rule exists, is active, and its last evaluation succeeded.

    If it is active, an evaluation may be started.
    """
    if found is None:
        return broken(f"there is no rule {name}", name)
    if found.state not in {"ACTIVE", "EVALUATING"}:
        return broken(f"the rule {name} is {found.state}", name)
    if not found.told:
        return unknown(f"AWS Config does not tell how the evaluation of {name} goes")
    if found.failed is not None and (found.succeeded is None or found.failed > found.succeeded):
        why = found.failure or "no reason given"
        return broken(f"the last evaluation of {name} failed: {why}", name, by_call=True)
    if found.succeeded is None:
        return broken(f"the rule {name} was never evaluated", name, by_call=True)
    return ok(f"{name} evaluates")


def _fact(reader: Reader, name: str) -> RuleFact | None:
    rules = none_if(NO_RULE, lambda: reader.one(RULES, ConfigRuleNames=[name]))
    if not rules or not rules.get("ConfigRules"):
        return None
    answer = reader.one(STATUS, ConfigRuleNames=[name])
    told = next(iter(answer.get("ConfigRulesEvaluationStatus", ())), None)
    status = told or {}
    return RuleFact(
        name=name,
        state=rules["ConfigRules"][0].get("ConfigRuleState", "ACTIVE"),
        told=told is not None,
        succeeded=status.get("LastSuccessfulEvaluationTime"),
        failed=status.get("LastFailedEvaluationTime"),
        failure=words(status.get("LastErrorCode"), status.get("LastErrorMessage")),
    )


def request(_: Rule, subjects: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters of the call that has rules evaluated."""
    return {"ConfigRuleNames": list(subjects)}


CHECK = KnownCheck(
    name="config-rule",
    noun="rules",
    arguments=Rule,
    reads=(RULES, STATUS),
    look=look,
    ok="it is active, and its last evaluation succeeded",
    broken="there is none; it is being deleted; it was never evaluated, or the last time failed",
    unknown="AWS Config tells nothing of custom Lambda rules",
    repair=RepairCall(call=EVALUATE, request=request, limits="unless it is gone"),
    broken_by=("DeleteConfigRule",),
    told_by="rule",
    calls=2,
    is_aggregated=True,
)
