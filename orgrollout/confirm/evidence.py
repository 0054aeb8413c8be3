"""What is kept of the calls of an experiment: their names, outcome and a few members, redacted."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from orgrollout.confirm.steps import Call, Response, member

_IDS = {
    "(ARN)": re.compile(r"\barn:aws[a-z-]*:\S+"),
    "(account)": re.compile(r"(?<!\d)\d{12}(?!\d)"),
    "(organization)": re.compile(
        r"(?<![\w-])(?:ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|o-[0-9a-z]{10,32})"
    ),
    "(id)": re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
}
_KEYS = ("ParameterKey", "ParameterValue")


def line(call: Call, response: Response) -> str:
    """Return one line about a call: no id of an account, and no text that AWS wrote."""
    where = " in the canary account" if call.where else ""
    if response.is_refused:
        return f"{call.operation}{where}: {redacted(response.code)}"
    shown = ", ".join(_shown(path, member(response.body, path)) for path in call.shows)
    return f"{call.operation}{where}: {shown or 'accepted'}"


def folded(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, those that repeat the one before as one."""
    for text, same in groupby(lines):
        times = sum(1 for _ in same)
        yield text if times == 1 else f"{text} ({times} times)"


def _shown(path: str, value: Any) -> str:
    name = path.rpartition(".")[2]
    return f"{name} {redacted(_plain(value))}"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        pairs = (f"{each.get(_KEYS[0])}={each.get(_KEYS[1], '')}" for each in value)
        return ", ".join(pairs) or "(none)"
    return "(none)" if value in (None, "") else str(value)


def redacted(text: str) -> str:
    """Return a text without ids of accounts, of the organization and its units, and ARNs."""
    # A UUID may end in twelve digits, so it goes before accounts.
    for name in ("(ARN)", "(id)", "(organization)", "(account)"):
        text = _IDS[name].sub(name, text)
    return text
