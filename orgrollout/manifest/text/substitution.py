"""`${name}` in parameters and tags stands for a value; `$${name}` stays as `${name}`."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$?\$\{([^${}]*)\}")

ORGANIZATION_ID = "organization.id"
HOME_REGION = "home_region"
MANAGEMENT_ACCOUNT = "management_account"
ACCOUNT_PREFIX = "accounts."
ENVIRONMENT_PREFIX = "env:"
PLAIN_NAMES = (ORGANIZATION_ID, HOME_REGION, MANAGEMENT_ACCOUNT)


def references(text: str) -> tuple[str, ...]:
    """Return the names that a text refers to, in order, each once."""
    found = (m.group(1) for m in _REFERENCE.finditer(text) if not m.group().startswith("$$"))
    return tuple(dict.fromkeys(found))


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Return the text with every reference replaced by its value.

    Raises:
        KeyError: A name has no value.
    """
    return _REFERENCE.sub(
        lambda m: m.group()[1:] if m.group().startswith("$$") else values[m.group(1)], text
    )
