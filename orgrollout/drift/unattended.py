"""What an unattended re-sync may do: how much of it, and when."""

from datetime import datetime

from orgrollout.drift.resync import Resync
from orgrollout.manifest.schema import Unattended
from orgrollout.plan.model.windows import is_open, windows_of


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
