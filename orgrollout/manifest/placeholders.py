"""Values of a starter manifest that a person has to write, as long as nothing else is there."""

import re
from collections.abc import Iterator

from orgrollout.errors import Problem

ORGANIZATION, CALLER_ROLE = "o-a1b2c3d4e5", "Rollout"
_MARKED = re.compile(
    rf"(?m)^ *(?P<field>organization|CallerRole): *(?P<value>{ORGANIZATION}|{CALLER_ROLE})"
    r" +# CHANGE: *(?P<what>\S.*?) *$"
)


def placeholders(text: str, file: str) -> Iterator[Problem]:
    """Yield a warning for each value that is still the one that `init` wrote, and marked so."""
    for found in _MARKED.finditer(text):
        start = found.start("field")
        yield Problem(
            message=f"{found['value']} is still the placeholder of `orgrollout init`.",
            file=file,
            line=text.count("\n", 0, start) + 1,
            column=start - text.rfind("\n", 0, start),
            field=found["field"],
            fix=f"Write {found['what']}; where it is right as it is, delete the comment.",
            severity="warning",
        )
