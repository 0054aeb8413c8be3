"""What an unattended re-sync may do: how much of it, and when."""

from dataclasses import replace
from datetime import datetime

from orgrollout.drift.resync import Resync
from orgrollout.manifest.schema import Manifest, Unattended
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.windows import is_open, windows_of
from orgrollout.plan.unattended.rules import rules_of


def why_not_now(limits: Unattended, resync: Resync, now: datetime) -> str:
    """Return why nothing is repaired, or nothing where the whole of it may be.

    It is all or nothing: that much drift at once has a cause that a person should know before
    anything is undone.
    """
    if limits.windows and not is_open(windows_of(limits.windows), now):
        return f"{now:%a %H:%M} UTC is in none of drift.unattended.windows"
    if resync.instances > limits.max_instances:
        return (
            f"{resync.instances:,} stack instances would be repaired, and "
            f"drift.unattended.max_instances is {limits.max_instances:,}"
        )
    return ""


def as_unattended(plan: Plan, manifest: Manifest) -> Plan:
    """Return the plan of a re-sync with the rules that a later job must share to finish it."""
    return replace(
        plan,
        unattended=True,
        drift_rules=rules_of(manifest.drift),
        rollout_rules=rules_of(manifest.rollout),
    )
