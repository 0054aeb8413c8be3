"""Notices: what people and programs outside are told of, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orgrollout.model.ids import Digest, digest_of


class NoticeEvent(StrEnum):
    """What there may be to tell."""

    HALTED = "halted"  # a rollout does not go on by itself
    FINISHED = "finished"
    DRIFT = "drift"


class Way(StrEnum):
    """How a notice gets to where it is read."""

    SNS = "sns"
    EVENT_BUS = "event_bus"
    SLACK = "slack"
    TEAMS = "teams"


ENVIRONMENT = "env:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where notices go, and which.

    ``place`` is the ARN of a topic, of an event bus, or of a secret with the URL of a webhook; or
    ``env:NAME``, the environment variable with that URL. The URL itself is never kept.
    """

    way: Way
    place: str
    on: tuple[str, ...]

    @property
    def region(self) -> str:
        """Return the Region of the ARN."""
        return self.place.split(":")[3]

    @property
    def is_of_aws(self) -> bool:
        """Return whether its place is an ARN."""
        return not self.place.startswith(ENVIRONMENT)

    @property
    def name(self) -> str:
        """Return what people are shown."""
        webhook = self.way in (Way.SLACK, Way.TEAMS)
        return f"{self.way.value} {self.place}" if webhook else self.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell. It holds no value of a parameter or property: those may be secret."""

    event: NoticeEvent
    manifest: str
    subject: str
    text: str  # for people
    facts: Mapping[str, Any] = field(default_factory=dict)  # for programs; JSON holds it
    about: str  # the rollout, or the manifest
    moment: str  # tells it from others of the same kind about the same

    @property
    def key(self) -> Digest:
        """Return what is the same when the same is to be told again."""
        return digest_of([self.event, self.about, self.moment])
