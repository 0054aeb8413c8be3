"""A remediation of AWS Config that was started: what comes next, and why it failed.

Each try starts at most one execution for a resource. What AWS Config says of it decides.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orgrollout.model.cause import Cause
from orgrollout.model.remediation import Execution
from orgrollout.posture.seen import named

FAILED = "its remediation failed: "  # begins what a step of the runbook says
NOTHING_CAME = "its remediation was started, and nothing came of it"
NO_REASON = "AWS Config names no reason; look at the execution in Systems Manager, Automation"
# In the words of AWS, whose step says them.
_CAUSES = (
    (Cause.REMEDIATION_ROLE, r"can ?not be assumed|unable to assume|AssumeRole"),
    (Cause.REMEDIATION_THROTTLED, r"rate exceeded|throttling|too ?many ?requests"),
    (Cause.REMEDIATION_DENIED, r"not authorized|unauthorized|access ?denied"),
)


def cause_of(why: str) -> Cause:
    """Return what a step that failed says, as far as it is known."""
    known = (cause for cause, pattern in _CAUSES if re.search(pattern, why, re.IGNORECASE))
    return next(known, Cause.REMEDIATION_FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediations:
    """What is known of the remediations of one check in one place."""

    executions: tuple[Execution, ...] = ()  # the newest of each resource
    unread: str = ""  # why they could not be read
    since: datetime | None = None  # when the operation was committed
    tried: frozenset[str] = frozenset()  # this process asked for them
    # Those that were started then; when the one before was invoked.
    started: Mapping[str, datetime | None] = field(default_factory=dict)

    def of(self, resource: str) -> Execution | None:
        """Return the execution that belongs to this try, of any process."""
        found = next((each for each in self.executions if each.resource == resource), None)
        if found is None or found.invoked is None:
            return None
        if resource in self.started:
            return found if found.invoked != self.started[resource] else None
        return found if self.since is not None and found.invoked >= self.since else None

    def is_running(self, resources: tuple[str, ...]) -> bool:
        """Return whether one of them is being remediated."""
        return any(found.is_running for each in resources if (found := self.of(each)))

    def failures(self, resources: tuple[str, ...]) -> str:
        """Return why remediations failed, as their steps say; empty: none did."""
        errors: dict[str, list[str]] = {}
        for each in resources:
            found = self.of(each)
            if found is not None and found.has_failed:
                errors.setdefault(found.error or NO_REASON, []).append(each)
        said = "; ".join(f"{error} ({named(ids)})" for error, ids in errors.items())
        return f"{FAILED}{said}" if said else ""

    def to_start(self, resources: tuple[str, ...]) -> tuple[str, ...]:
        """Return those that no remediation was started for in this try."""
        return tuple(r for r in resources if r not in self.started and self.of(r) is None)
