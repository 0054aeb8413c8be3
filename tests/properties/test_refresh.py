"""What is remembered is a cache: a plan with it is the plan without it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgrollout.aws.rates import RateLimits
from orgrollout.sandbox import Sandbox, Settings
from tests.properties.life import LAG, LONG_LAG, QUICK, Life, Step, Wish, ledger, steps
from tests.stage import Stage, organization

pytestmark = pytest.mark.slow

LAGS = {"operation_list_lag": LAG, "result_lag": LAG}
LONG_LAGS = {"operation_list_lag": LONG_LAG, "result_lag": LONG_LAG}


@contextmanager
def living(**chosen: Any) -> Iterator[Life]:
    """Give an organization to which nothing has happened yet."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(organization(), settings=Settings(**{**QUICK, **chosen})) as sandbox,
    ):
        # Calls take no time, so that two pictures of one moment can be compared.
        stage = Stage(sandbox, Path(folder), limits=RateLimits(speed=1e9))
        yield Life(stage, lag=max(LAG, chosen.get("operation_list_lag", LAG)))


def check(life: Life) -> None:
    """Compare what is remembered with what is there."""
    known, real = life.picture(), life.picture(remembering=False)
    assert life.plan_of(known) == life.plan_of(real)
    known, real = life.picture(drift=True), life.picture(drift=True, remembering=False)
    assert ledger(known) == ledger(real)
    assert life.plan_of(known) == life.plan_of(real)


def live(story: list[Step], **chosen: Any) -> None:
    """Let things happen, and compare whenever AWS can have listed them."""
    with living(**chosen) as life:
        life.apply(Wish())
        for step in story:
            life.happen(step)
            if life.is_listed or not chosen:
                check(life)
        life.wait_until_listed()
        check(life)
        life.sandbox.run_to_end()
        life.wait_until_listed()
        check(life)


BOUNDED = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(story=st.lists(steps, min_size=1, max_size=6))
@BOUNDED
def test_a_refresh_sees_what_a_full_reading_sees(story: list[Step]) -> None:
    live(story)


@given(story=st.lists(steps, min_size=1, max_size=6))
@BOUNDED
def test_and_so_it_does_where_lists_lag(story: list[Step]) -> None:
    live(story, **LAGS)


@pytest.mark.slow
@given(story=st.lists(steps, min_size=1, max_size=12))
@settings(BOUNDED, max_examples=20)
def test_long_stories(story: list[Step]) -> None:
    live(story)


@pytest.mark.slow
@given(story=st.lists(steps, min_size=1, max_size=12))
@settings(BOUNDED, max_examples=20)
def test_long_stories_where_lists_lag(story: list[Step]) -> None:
    live(story, **LAGS)


@pytest.mark.slow
@given(story=st.lists(steps, min_size=1, max_size=8))
@settings(BOUNDED, max_examples=20)
def test_long_stories_where_lists_lag_almost_as_long_as_they_are_looked_back_on(
    story: list[Step],
) -> None:
    live(story, **LONG_LAGS)
