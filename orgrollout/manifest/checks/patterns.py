"""Patterns of templates, as far as they can be tried here.

CloudFormation reads them as Java does and gives up in time. Here nothing ends a match that takes
for ever, so a pattern that might is not tried on a value long enough for that.
"""

import re
from math import comb

_MOST_WAYS = 10**8  # to try: a few seconds at worst
_MOST_NESTED = 20  # characters: each may double what has to be tried
_ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # one character of the value
_MANY = re.compile(r"[*+{]")
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|<?[=!]|[:>]))?([^()]*)\)([*+?]|\{[\d,]*\})?")


def why_untried(pattern: str, text: str) -> str | None:
    """Return why a value cannot be matched here; nothing if it can."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return "the pattern is one of Java's"
    single = _ONE.sub("x", pattern)
    repeats = len(_MANY.findall(single))
    nested = _is_nested(single) and len(text) > _MOST_NESTED
    if nested or comb(len(text) + repeats, repeats) > _MOST_WAYS:
        return "the pattern may take for ever on a value of that length"
    return None


def _is_nested(pattern: str) -> bool:
    """Return whether what is repeated can itself be matched in several ways."""
    while found := _GROUP.search(pattern):
        inside, times = found.group(1), found.group(2) or ""
        if _MANY.match(times) and re.search(r"[*+{?|]", inside):
            return True
        pattern = f"{pattern[: found.start()]}{inside}{times}{pattern[found.end() :]}"
    return False
