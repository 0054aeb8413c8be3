"""What several checks share about AWS Config."""

from collections.abc import Mapping
from typing import Any

from orgrollout.posture.definition import ACCOUNT, Call, words

OF_RULE = f"config:*:{ACCOUNT}:config-rule/*"
NO_RULE = "NoSuchConfigRuleException"
EVALUATE = Call(api="config:StartConfigRulesEvaluation", resource=OF_RULE)
_FAILED = {"failure", "failed"}


def failure_of(found: Mapping[str, Any]) -> str:
    """Return why the last attempt failed. The API's model writes Failure, and answers FAILURE."""
    if str(found.get("lastStatus", "")).lower() not in _FAILED:
        return ""
    return words(found.get("lastErrorCode"), found.get("lastErrorMessage")) or "no reason given"
