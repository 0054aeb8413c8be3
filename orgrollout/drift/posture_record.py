"""What was found when posture was last looked at, for one stack set, and when. Pure.

Pairs that were ok are kept as rectangles, and only what was not ok by itself: a stack set may have
100,000 stack instances. Whoever looks at some of them leaves what is known of the others as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.posture import PostureSeen, PostureState
from orgrollout.plan.rectangles import Rectangle, cover

FORMAT = 1
_MOST_LOOKS = 50  # older ones are forgotten, and their pairs unknown again


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One time that somebody looked."""

    when: datetime
    ok: frozenset[Pair] = frozenset()
    others: Mapping[Pair, PostureSeen] = field(default_factory=dict)

    @property
    def pairs(self) -> frozenset[Pair]:
        """Return every pair that was looked at."""
        return self.ok | self.others.keys()

    def without(self, pairs: frozenset[Pair]) -> "Look":
        """Return the same as far as other pairs go."""
        others = {pair: seen for pair, seen in self.others.items() if pair not in pairs}
        return Look(when=self.when, ok=self.ok - pairs, others=others)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureRecord:
    """Looks at one stack set, the latest first. No pair is in two of them."""

    looks: tuple[Look, ...] = ()

    def with_look(self, new: Look) -> "PostureRecord":
        """Return what is known after somebody looked again."""
        seen = new.pairs
        older = (look.without(seen) for look in self.looks)
        looks = (new, *(look for look in older if look.pairs))
        return PostureRecord(looks=looks[:_MOST_LOOKS])

    def of(self, pairs: Iterable[Pair]) -> Mapping[Pair, tuple[PostureSeen, datetime]]:
        """Return how pairs stand, and since when that is known; none where nobody looked."""
        wanted = frozenset(pairs)
        ok = PostureSeen(state=PostureState.OK)
        found: dict[Pair, tuple[PostureSeen, datetime]] = {}
        for look in self.looks:
            found |= dict.fromkeys(look.ok & wanted, (ok, look.when))
            found |= {p: (seen, look.when) for p, seen in look.others.items() if p in wanted}
        return found


def combined(seen: Iterable[tuple[str, PostureSeen]]) -> PostureSeen:
    """Return how a pair stands with all its checks: broken before unknown before ok."""
    order = (PostureState.BROKEN, PostureState.UNKNOWN)
    all_of_them = list(seen)
    for state in order:
        if reasons := [f"{label}: {s.reason}" for label, s in all_of_them if s.state is state]:
            return PostureSeen(state=state, reason="; ".join(reasons))
    return PostureSeen(state=PostureState.OK)


def posture_document(record: PostureRecord) -> dict[str, Any]:
    """Return the record as JSON holds it."""
    return {"format_version": FORMAT, "looks": [_look_document(look) for look in record.looks]}


def read_posture_record(document: Any) -> PostureRecord:
    """Return what the journal kept; nothing where this version cannot read it: a cache."""
    if not isinstance(document, dict) or document.get("format_version") != FORMAT:
        return PostureRecord()
    try:
        return PostureRecord(looks=tuple(_look(each) for each in document["looks"]))
    except (KeyError, TypeError, ValueError):
        return PostureRecord()


def _look_document(look: Look) -> dict[str, Any]:
    """Equal findings are kept once, with the rectangles where they are."""
    alike: dict[tuple[str, str], list[Pair]] = {}
    for pair, seen in look.others.items():
        alike.setdefault((seen.state.value, seen.reason), []).append(pair)
    return {
        "when": look.when.isoformat(),
        "ok": [list(map(list, each)) for each in cover(look.ok)],
        "others": [
            [state, reason, [list(map(list, each)) for each in cover(pairs)]]
            for (state, reason), pairs in sorted(alike.items())
        ],
    }


def _look(document: Mapping[str, Any]) -> Look:
    return Look(
        when=datetime.fromisoformat(document["when"]),
        ok=frozenset(_pairs(document["ok"])),
        others={
            pair: PostureSeen(state=PostureState(state), reason=reason)
            for state, reason, rectangles in document["others"]
            for pair in _pairs(rectangles)
        },
    )


def _pairs(rectangles: Iterable[tuple[list[str], list[str]]]) -> Iterable[Pair]:
    for accounts, regions in rectangles:
        yield from Rectangle(tuple(map(AccountId, accounts)), tuple(map(Region, regions))).pairs
