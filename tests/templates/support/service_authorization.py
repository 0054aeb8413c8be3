"""The service authorization reference of AWS, as cfn-lint ships it: what IAM can limit."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

_REFERENCE = files("cfnlint.data.AdditionalSpecs") / "Policies.json"


def can_be_limited(action: str) -> bool:
    """Return whether a policy may name resources for an action; if not, it has to say `*`."""
    service, _, name = action.partition(":")
    return bool(_reference()[service]["Actions"][name.lower()].get("Resources"))


@cache
def _reference() -> Any:
    return json.loads(_REFERENCE.read_text(encoding="utf-8"))
