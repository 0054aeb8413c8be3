"""What a verdict does not rest on: what was not looked at, and how to have it looked at."""

from collections.abc import Iterable, Iterator

from orgrollout.drift.findings import Findings
from orgrollout.posture.registry import CHECKS
from orgrollout.report.layout.words import count, enumerated

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
    return enumerated([known.noun for name, known in CHECKS.items() if name in names])
