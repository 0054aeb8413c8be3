"""Stack ids: ARNs that say in which account and Region a stack is."""

import re

from orgrollout.model.ids import AccountId, Pair, Region

_STACK = re.compile(
    r"arn:aws[a-z-]*:cloudformation:(?P<region>[a-z0-9-]+):(?P<account>\d{12})"
    r":stack/[A-Za-z][A-Za-z0-9-]*/[A-Za-z0-9-]+"
)


def place_of_stack(arn: str) -> Pair | None:
    """Return where a stack is, or None where the text is no ARN of a stack."""
    found = _STACK.fullmatch(arn)
    return Pair(AccountId(found["account"]), Region(found["region"])) if found else None
