"""What is known of one reason, and how it is recognised."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orgrollout.rollout.state.failure_classes import FailureClass, Reading

TWICE = 2  # tries of what may only have been made minutes ago: a role, a policy, a Region
_TYPE = re.compile(r"ResourceType:([\w:]{1,120})|of type '([\w:]{1,120})'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A reason that is known."""

    name: str
    reading: Reading
    source: str  # where its words or codes are from
    codes: frozenset[str] = frozenset()  # any of them decides
    refines: frozenset[str] = frozenset()  # with any of them the words decide
    words: re.Pattern[str] | None = None
    everywhere: bool = False  # the words decide, whatever the codes
    weak: bool = False  # its codes say little, and decide only where no words do
    by_type: Mapping[str, str] = field(default_factory=dict)  # advice for types that begin so

    def has_words(self, reason: str) -> bool:
        """Return whether its words are in a reason."""
        return self.words is not None and self.words.search(reason) is not None

    def is_meant_by(self, codes: frozenset[str], reason: str) -> bool:
        """Return whether the codes of a reason decide for it."""
        if not self.codes.isdisjoint(codes):
            return True
        return not self.refines.isdisjoint(codes) and self.has_words(reason)

    def reading_of(self, reason: str) -> Reading:
        """Return what a reason means, with advice that fits the type of the resource."""
        kind = resource_type(reason)
        fits = [prefix for prefix in self.by_type if kind.startswith(prefix)]
        if not fits:
            return self.reading
        return replace(self.reading, advice=self.by_type[max(fits, key=len)])


def known(
    name: str,
    kind: FailureClass,
    advice: str = "",
    *,
    source: str,
    words: str = "",
    codes: str = "",
    refines: frozenset[str] = frozenset(),
    everywhere: bool = False,
    weak: bool = False,
    attempts: int | None = None,
    by_type: Mapping[str, str] | None = None,
) -> Known:
    """Return one row of the table; ``codes`` are divided by blanks."""
    return Known(
        name=name,
        reading=Reading(kind=kind, advice=advice, attempts=attempts),
        source=source,
        codes=frozenset(codes.split()),
        refines=refines,
        words=re.compile(words, re.IGNORECASE) if words else None,
        everywhere=everywhere,
        weak=weak,
        by_type=by_type or {},
    )


def resource_type(reason: str) -> str:
    """Return the type of the resource that a reason is about, or nothing where it says none."""
    found = _TYPE.search(reason)
    return next((group for group in found.groups() if group), "") if found else ""
