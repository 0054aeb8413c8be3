"""The result of a check: findings, or nothing found, or that it could not look."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a check says in one word. It is never `ok` where it could not look everywhere."""

    OK = "ok"
    FOUND = "found"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that would fail."""

    where: str  # account, Region, stack set, file: whatever leads there
    why: str
    mend: str  # a command to run, or YAML to paste; may have several lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at, and what came of it."""

    name: str
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[str, ...] = ()  # what could not be looked at, and why
    expected: tuple[str, ...] = ()  # what is not there yet, and what creates it before it is needed
    looked_at: str = ""  # in words, where it went well
    blind: bool = False  # nothing of it could be looked at

    @property
    def outcome(self) -> Outcome:
        """Return the outcome: a finding counts more than a gap, a gap more than what went well."""
        if self.findings:
            return Outcome.FOUND
        return Outcome.NOT_CHECKED if self.not_checked else Outcome.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A fact that could not be read, and why."""

    reason: str


def unknown_reasons(values: Iterable[object]) -> tuple[str, ...]:
    """Return the reasons of those that could not be read, each once."""
    return tuple(dict.fromkeys(v.reason for v in values if isinstance(v, Unknown)))
