"""What a verdict does not rest on: what was not looked at, and how to have it looked at."""

from collections.abc import Iterable, Iterator

from orgrollout.drift.findings import Findings
from orgrollout.model.posture import (
    CONFIG_COMPLIANCE,
    CONFIG_DELIVERY,
    CONFIG_RECORDER,
    CONFIG_RULE,
    SSM_DOCUMENT,
    VPC_FLOW_LOGS,
)
from orgrollout.report.words import count, enumerated

_CHECKED = {
    CONFIG_RECORDER: "recorders",
    CONFIG_DELIVERY: "delivery channels",
    CONFIG_RULE: "rules",
    CONFIG_COMPLIANCE: "compliance",
    SSM_DOCUMENT: "documents",
    VPC_FLOW_LOGS: "flow logs",
}
ROLE = "name a role to look with in the manifest, `drift: {probe_role: ...}`, then run "


def not_looked_at(found: Findings) -> Iterator[str]:
    """Yield what the findings say nothing of, because it was not looked at."""
    if unknown := sum(look.unknown for look in found.stack_sets):
        yield f"drift of {count(unknown, 'stack instance')}"
    if found.unchecked:
        yield f"posture of {count(len(found.unchecked), 'stack set')} ({_checks(found)})"
    if found.closed:
        yield f"posture in {count(len(found.closed), 'account')} that could not be entered"
    if denied := len([f for f in found.unseen if f.pair.account not in found.closed]):
        yield f"{count(denied, 'place')} where a call was refused"


def remedy(found: Findings, detect: str, *, has_role: bool) -> str:
    """Return how to have it looked at: ``detect`` is the command that looks."""
    if found.unchecked and not has_role:
        return f"{ROLE}`{detect}`"
    if found.closed or found.unseen:
        return f"see the reasons above, then run `{detect}`"
    return f"`{detect}`"


def sentence(what: Iterable[str], how: str) -> str:
    """Return both in one line; nothing where everything was looked at."""
    things = list(what)
    return f"Not checked: {enumerated(things)}. To have it checked: {how}" if things else ""


def _checks(found: Findings) -> str:
    names = {name for checks in found.unchecked.values() for name in checks}
    return enumerated([said for name, said in _CHECKED.items() if name in names])
