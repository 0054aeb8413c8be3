"""Random organizations: units in units, accounts with and without tags, not all of them active."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.stage import DEV, LAB, PROD, organization

TIERS = ("core", "strict")
_STATES = (*["ACTIVE"] * 6, "SUSPENDED", "PENDING_CLOSURE")


@dataclass(frozen=True)
class Population:
    """A first organization, and the names in it that a manifest can use."""

    document: dict[str, Any]
    units: tuple[str, ...]  # paths
    accounts: tuple[str, ...]


FIXED = Population(
    organization(), units=("/Prod", "/Prod/Regulated", "/Dev", "/Lab"), accounts=(*PROD, *DEV, *LAB)
)


@st.composite
def populations(draw: st.DrawFn) -> Population:
    """Draw up to five units, nested to any depth, and up to nine accounts, in units or the root."""
    tree: dict[str, Any] = {}
    places, paths = [tree], [""]
    for number in range(draw(st.integers(1, 5))):
        above = draw(st.integers(0, number))
        places.append({})
        paths.append(f"{paths[above]}/U{number}")
        places[above].setdefault("organizational_units", {})[f"U{number}"] = places[-1]
    accounts = draw(st.lists(_accounts(len(places)), min_size=2, max_size=9))
    for number, (place, tags, state) in enumerate(accounts):
        entry = {"name": f"a{number}", "id": _id(number), "tags": tags, "state": state}
        places[place].setdefault("accounts", []).append(entry)
    return Population(
        {**organization(), "root": tree},
        units=tuple(paths[1:]),
        accounts=tuple(_id(number) for number in range(len(accounts))),
    )


def some(names: Sequence[str], *, least: int = 0, most: int = 4) -> st.SearchStrategy[Any]:
    """Draw a few different ones."""
    listed = st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)
    return listed.map(tuple)


def _accounts(places: int) -> st.SearchStrategy[tuple[int, dict[str, str], str]]:
    tags = st.sampled_from([{}, *({"tier": tier} for tier in TIERS)])
    return st.tuples(st.integers(0, places - 1), tags, st.sampled_from(_STATES))


def _id(number: int) -> str:
    return f"4{number:011}"
