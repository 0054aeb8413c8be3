"""What was found when posture was last looked at, for one stack set, and when. Pure.

Pairs that were ok are kept as rectangles, and only what was not ok by itself: a stack set may have
100,000 stack instances. A look at some of them leaves what is known of the others as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.organization.acceptances import Acceptance
from orgrollout.plan.model.targets import Rectangle, cover
from orgrollout.posture.flow_log_counts import FlowLogCounts, counts_of
from orgrollout.posture.seen import PostureSeen, PostureState, Subject, broken_for

FORMAT = 3
_WITHOUT_SUBJECTS = 2  # kept which checks do not hold, and not for what
_WITHOUT_CHECKS = 1  # kept how a pair stands, and not which of its checks do not hold
_MOST_LOOKS = 50  # older ones are forgotten, and their pairs unknown again


Checks = tuple[tuple[str, PostureSeen], ...]
"""How checks stand, each with its label."""
About = tuple[str, str]
"""The label of a check, and what it is broken for; the whole of it, where that has no name."""
Repaired = Mapping[Pair, Mapping[About, datetime]]
"""When checks were made true, and proven to be."""
NONE_REPAIRED: Repaired = {}
Accepts = Callable[[Pair, About], Acceptance | None]
"""Returns the rule by which the manifest accepts it there, if it does."""


def accepts_nothing(_pair: Pair, _about: About) -> None:
    """Return that a manifest without rules accepts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look."""

    when: datetime
    ok: frozenset[Pair] = frozenset()
    others: Mapping[Pair, Checks] = field(default_factory=dict)  # those that are not ok
    counts: Mapping[Pair, FlowLogCounts] = field(default_factory=dict)  # where they were counted

    @property
    def pairs(self) -> frozenset[Pair]:
        """Return every pair that was looked at."""
        return self.ok | self.others.keys()

    def without(self, pairs: frozenset[Pair]) -> "Look":
        """Return the same as far as other pairs go."""
        others = {pair: checks for pair, checks in self.others.items() if pair not in pairs}
        counts = {pair: each for pair, each in self.counts.items() if pair not in pairs}
        return Look(when=self.when, ok=self.ok - pairs, others=others, counts=counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureRecord:
    """Looks at one stack set, the latest first. No pair is in two of them."""

    looks: tuple[Look, ...] = ()

    def with_look(self, new: Look) -> "PostureRecord":
        """Return what is known after another look."""
        seen = new.pairs
        older = (look.without(seen) for look in self.looks)
        looks = (new, *(look for look in older if look.pairs))
        return PostureRecord(looks=looks[:_MOST_LOOKS])

    def of(
        self,
        pairs: Iterable[Pair],
        repaired: Repaired = NONE_REPAIRED,
        accepts: Accepts = accepts_nothing,
    ) -> Mapping[Pair, tuple[PostureSeen, datetime]]:
        """Return how pairs stand, and since when that is known; none without a look."""
        wanted = frozenset(pairs)
        ok = PostureSeen(state=PostureState.OK)
        found: dict[Pair, tuple[PostureSeen, datetime]] = {}
        for look in self.looks:
            found |= dict.fromkeys(look.ok & wanted, (ok, look.when))
            found |= {
                pair: _since(checks, look.when, repaired.get(pair, {}), partial(accepts, pair))
                for pair, checks in look.others.items()
                if pair in wanted
            }
            for pair, counts in look.counts.items():
                if pair in found and not _is_repaired_since(look, repaired.get(pair, {})):
                    seen, when = found[pair]
                    found[pair] = replace(seen, counts=counts), when
        return found


def _is_repaired_since(look: Look, repaired: Mapping[About, datetime]) -> bool:
    """Return whether something was repaired after the look, so that its counts are old."""
    return any(when > look.when for when in repaired.values())


def _since(
    checks: Checks,
    looked: datetime,
    repaired: Mapping[About, datetime],
    accepts: Callable[[About], Acceptance | None],
) -> tuple[PostureSeen, datetime]:
    """Return how a pair stands without what was repaired since, and what is accepted."""
    moments: list[datetime] = []
    agreed: list[str] = []
    waived: list[str] = []

    def is_over(about: About, accepted: str) -> bool:
        when = repaired.get(about, looked)
        if when > looked:
            moments.append(when)
        elif accepted:
            agreed.append(f"{_said(about)}: {accepted}")
        elif rule := accepts(about):
            (waived if rule.is_waiver else agreed).append(f"{_said(about)}: {rule.reason}")
        else:
            return False
        return True

    left = tuple(each for each in (_left(*check, is_over) for check in checks) if each)
    if left:
        return combined(left), looked
    if waived:
        reason = "; ".join(waived)
        return PostureSeen(state=PostureState.WAIVED, reason=reason), max([looked, *moments])
    if not moments:
        return PostureSeen(state=PostureState.OK, reason=f"accepted: {'; '.join(agreed)}"), looked
    reason = f"repaired {max(moments):%Y-%m-%d %H:%M}, since it was looked at"
    return PostureSeen(state=PostureState.OK, reason=reason), max(moments)


def _said(about: About) -> str:
    return " ".join(filter(None, about))


def _left(
    label: str, seen: PostureSeen, is_over: Callable[[About, str], bool]
) -> tuple[str, PostureSeen] | None:
    """Return what still is of a check, if anything."""
    if seen.parts:
        over = {part.id for part in seen.parts if is_over((label, part.id), part.accepted)}
        parts = [part for part in seen.parts if part.id not in over]
        return (label, broken_for(parts)) if parts else None
    is_unknown = seen.state is PostureState.UNKNOWN  # that is never accepted
    is_repaired = not is_unknown and is_over((label, ""), "")
    return None if is_repaired else (label, seen)


def combined(seen: Iterable[tuple[str, PostureSeen]]) -> PostureSeen:
    """Return how a pair stands with all its checks: broken before unknown before ok.

    What is of no check in particular has no label.
    """
    order = (PostureState.BROKEN, PostureState.UNKNOWN)
    all_of_them = list(seen)
    for state in order:
        here = [(label, seen) for label, seen in all_of_them if seen.state is state]
        if reasons := [f"{label}: {s.reason}" if label else s.reason for label, s in here]:
            return PostureSeen(state=state, reason="; ".join(reasons))
    return PostureSeen(state=PostureState.OK)


def posture_document(record: PostureRecord) -> dict[str, Any]:
    """Return the record as JSON holds it."""
    return {"format_version": FORMAT, "looks": [_look_document(look) for look in record.looks]}


def read_posture_record(document: Any) -> PostureRecord:
    """Return what the journal kept; nothing where this version cannot read it: a cache."""
    if not isinstance(document, dict):
        return PostureRecord()
    readers = {FORMAT: _checks, _WITHOUT_SUBJECTS: _checks, _WITHOUT_CHECKS: _without_checks}
    try:
        others = readers.get(document.get("format_version", 0))
        if others is None:
            return PostureRecord()
        return PostureRecord(looks=tuple(_look(each, others) for each in document["looks"]))
    except (AttributeError, LookupError, TypeError, ValueError):
        return PostureRecord()


def _look_document(look: Look) -> dict[str, Any]:
    """Equal findings are kept once, with the rectangles where they are."""
    alike: dict[tuple[_Told, ...], list[Pair]] = {}
    for pair, checks in look.others.items():
        told = tuple(map(_told, checks))
        alike.setdefault(told, []).append(pair)
    return {
        "when": look.when.isoformat(),
        "ok": [list(map(list, each)) for each in cover(look.ok)],
        "others": [
            [list(map(list, told)), [list(map(list, each)) for each in cover(pairs)]]
            for told, pairs in sorted(alike.items())
        ],
        "counts": _counts_document(look.counts),
    }


def _counts_document(counts: Mapping[Pair, FlowLogCounts]) -> list[Any]:
    """Equal counts are kept once, too."""
    alike: dict[tuple[int, ...], list[Pair]] = {}
    for pair, each in counts.items():
        alike.setdefault(astuple(each), []).append(pair)
    return [
        [list(numbers), [list(map(list, each)) for each in cover(pairs)]]
        for numbers, pairs in sorted(alike.items())
    ]


_Told = tuple[str, str, str] | tuple[str, str, str, tuple[tuple[str, str, str], ...]]


def _told(check: tuple[str, PostureSeen]) -> _Told:
    """Return a check as JSON holds it: with subjects, their reasons tell the whole."""
    label, seen = check
    if not seen.parts:
        return label, seen.state.value, seen.reason
    parts = tuple((part.id, part.reason, part.accepted) for part in seen.parts)
    return label, seen.state.value, "", parts


def _look(document: Mapping[str, Any], others: "_Others") -> Look:
    return Look(
        when=datetime.fromisoformat(document["when"]),
        ok=frozenset(_pairs(document["ok"])),
        others={
            pair: checks
            for checks, rectangles in others(document["others"])
            for pair in _pairs(rectangles)
        },
        counts={
            pair: counts_of(numbers)
            for numbers, rectangles in document.get("counts", ())
            for pair in _pairs(rectangles)
        },
    )


_Others = Callable[[Iterable[Any]], Iterator[tuple[Checks, Any]]]


def _checks(others: Iterable[Any]) -> Iterator[tuple[Checks, Any]]:
    for told, rectangles in others:
        yield tuple((label, _seen(*rest)) for label, *rest in told), rectangles


def _without_checks(others: Iterable[Any]) -> Iterator[tuple[Checks, Any]]:
    """Yield what an older version kept: no repair is of a check without a label."""
    for state, reason, rectangles in others:
        yield (("", _seen(state, reason)),), rectangles


def _seen(state: str, reason: str, parts: Iterable[tuple[str, str, str]] = ()) -> PostureSeen:
    subjects = [Subject(id=id_, reason=why, accepted=accepted) for id_, why, accepted in parts]
    if subjects:
        return replace(broken_for(subjects), state=PostureState(state))
    return PostureSeen(state=PostureState(state), reason=reason)


def _pairs(rectangles: Iterable[tuple[list[str], list[str]]]) -> Iterable[Pair]:
    for accounts, regions in rectangles:
        yield from Rectangle(tuple(map(AccountId, accounts)), tuple(map(Region, regions))).pairs
