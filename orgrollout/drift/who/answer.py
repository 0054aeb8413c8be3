"""What is known of who changed something: found, not found in a time, or not known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orgrollout.drift.who.actor import Actor

# "CloudTrail typically delivers events within an average of about 5 minutes of an API call. This
# time is not guaranteed" (CloudTrail user guide); event history was documented with 15 minutes.
LAG = timedelta(minutes=15)


class Known(StrEnum):
    """How an answer ended."""

    FOUND = "found"
    NOT_FOUND = "not found"
    NOT_KNOWN = "not known"  # it could not be looked for


class Origin(StrEnum):
    """Where a change came from."""

    HAND = "hand"  # a person or a program, through the service's own API
    STACK = "stack"  # CloudFormation, for another stack than that of the finding
    SERVICE = "service"  # AWS itself
    OURS = "orgrollout"  # a re-sync, or the deployment of this stack set


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The request that changed something."""

    event: str
    source: str
    time: datetime
    event_id: str
    actor: Actor
    origin: Origin
    through: str = ""  # the service that made the request for the actor
    stack: str = ""  # of CloudFormation's: the stack, if that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedBy:
    """Who changed what a finding is about, as far as CloudTrail tells."""

    known: Known
    asked: datetime
    change: Change | None = None
    # The request names the property, or deletes the resource, and no other may be the cause.
    is_sure: bool = True
    others: int = 0  # further changes of the same thing in the time that was searched
    since: datetime | None = None  # the time that was searched
    until: datetime | None = None
    is_whole: bool = True  # all events of that time were read
    why: str = ""  # it is not known

    @property
    def may_be_early(self) -> bool:
        """Return whether events of the time that was searched may have been on their way."""
        return self.until is not None and self.asked < self.until + LAG

    @property
    def worth(self) -> int:
        """Return how much it tells: a change by others most, and that it is not known least."""
        if self.change is None:
            return int(self.known is Known.NOT_FOUND)
        if self.change.origin is Origin.OURS:
            return 2
        return 4 if self.is_sure else 3

    def settles(self, looked: datetime | None) -> bool:
        """Return whether there is no need to ask again of what was looked at then."""
        is_newer = looked is None or (self.until is not None and looked <= self.until)
        is_good = self.known is Known.FOUND and self.is_sure and self.is_whole
        is_last = self.change is not None and self.change.origin is not Origin.OURS
        return is_good and is_last and is_newer and not self.may_be_early
