"""What holds for every plan, whatever was asked for before and whatever happened since."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgrollout.plan.plan import Plan
from orgrollout.rollout.state import Outcome
from tests.pairwise import pairwise
from tests.properties.life import NAME, QUICK, Life, Step, Wish, steps, wishes
from tests.properties.test_refresh import BOUNDED, check, live, living
from tests.stage import DEV, PROD, TOPICS

pytestmark = pytest.mark.slow

ROUTE: list[Step] = [
    ("their_create", (PROD[:2], ("us-east-1",), {"Other": "theirs"})),
    ("apply", (Wish(units=("/Prod",), suffix="b", special=PROD[2]),)),
    ("detect_drift", ()),
    ("their_delete", (PROD[2:4], ("eu-west-1",), True)),
    ("begin_and_stop", (Wish(suffix="a", waves=True), 3)),
    ("auto_deploy", (True,)),
    ("move", (PROD[1], "/Dev")),
    ("suspend", (PROD[4],)),
    ("wait", (1_000,)),
    ("their_definition", ("c", DEV, ("us-east-1",))),
]
COMBINATIONS = [{**each, "requests_per_second": None} for each in pairwise()]


def apply_and_check(life: Life, wish: Wish) -> None:
    """Carry a wish out as it is planned, and look again."""
    life.sandbox.run_to_end()
    life.wait_until_listed()
    before = len(life.sandbox.stack_set(NAME).operations)
    done = life.apply(wish)
    if done is None:
        return
    begun = life.sandbox.operations(NAME)[before:]
    assert {pair for o in begun for pair in o.targets} == planned_pairs(done.plan)
    if done.state.outcome is Outcome.SUCCEEDED:
        for remembering in (True, False):
            again = life.plan_of(life.picture(remembering=remembering))
            assert isinstance(again[0], Plan)
            assert again[0].is_empty, list(again[0].changes())


def planned_pairs(plan: Plan) -> set[tuple[str, str]]:
    """Return all that a plan touches: what changes, and where it sends a definition."""
    return {pair for o in plan.operations for pair in o.rectangle.pairs}


def tell(story: list[Step], wish: Wish, **chosen: Any) -> None:
    """Apply a wish after whatever has happened."""
    with living(**chosen) as life:
        life.apply(Wish())
        for step in story:
            if step[0] != "fail":
                life.happen(step)
        apply_and_check(life, wish)


@given(story=st.lists(steps, max_size=6), wish=wishes)
@BOUNDED
def test_after_an_apply_there_is_nothing_left_to_do(story: list[Step], wish: Wish) -> None:
    """And what was sent names exactly the pairs that were planned."""
    tell(story, wish)


@pytest.mark.slow
@given(story=st.lists(steps, max_size=12), wish=wishes)
@settings(BOUNDED, max_examples=15)
def test_after_an_apply_there_is_nothing_left_to_do_whatever_was_before(
    story: list[Step], wish: Wish
) -> None:
    tell(story, wish)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(COMBINATIONS)))
def test_both_hold_whatever_aws_leaves_undocumented(number: int) -> None:
    """Throttling aside, which takes time, and with it the moment that is compared."""
    chosen = COMBINATIONS[number]
    live(ROUTE, **chosen)
    tell(ROUTE, Wish(suffix="b", special=DEV[1]), **chosen)


@given(edits=st.lists(wishes, min_size=2, max_size=4), moves=st.booleans())
@BOUNDED
def test_an_edit_that_keeps_a_pair_desired_never_removes_it(
    edits: list[Wish],
    moves: bool,
) -> None:
    """Exclusions that go, units that are split, accounts that move: filters are never compared."""
    with living(**QUICK) as life:
        for number, wish in enumerate(edits):
            if moves and number:
                life.happen(("move", (PROD[number], "/Dev")))
            life.wish = wish
            desired: set[tuple[str, str]] = set(life.picture().desired.stack_sets[TOPICS].pairs)
            before = len(life.sandbox.stack_set(NAME).operations) if number else 0
            if life.apply(wish) is None:
                continue
            for operation in life.sandbox.operations(NAME)[before:]:
                if operation.action == "DELETE":
                    assert desired.isdisjoint(operation.targets)
            check(life)
