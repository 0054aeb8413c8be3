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


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """An SNS topic, and what is told there."""

    arn: str
    on: tuple[str, ...]

    @property
    def region(self) -> str:
        """Return the Region it is in."""
        return self.arn.split(":")[3]


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
