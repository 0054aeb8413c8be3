"""Posture: what should be true in an account and Region and is no property of a stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PostureState(StrEnum):
    """What looking at a check came to. Unknown is never ok."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureCheck:
    """A named check, with the arguments that a template and its parameters give it."""

    name: str  # e.g. config-recorder
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureSeen:
    """How one check stands in one account and Region."""

    state: PostureState
    reason: str = ""
    subjects: tuple[str, ...] = ()  # what is broken, by id: VPCs, a recorder
