"""The inventory is a cache: a plan with it is the plan without it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.reconcile.context import Context
from orgrollout.sandbox import Sandbox, Settings
from tests.properties.life import LAG, LONG_LAG, QUICK, Life, ledger
from tests.properties.population import FIXED, Population
from tests.properties.variants import History, Step, histories
from tests.stage import Stage

pytestmark = pytest.mark.slow

LAGS = {"operation_list_lag": LAG, "result_lag": LAG}
LONG_LAGS = {"operation_list_lag": LONG_LAG, "result_lag": LONG_LAG}


class OneProcess(Stage):
    """A stage whose processes share their clients: to make those takes longer than all they do."""

    def context(self, journal: str = "journal.sqlite") -> Context:
        return replace(self._first, journal=SqliteJournal(self.folder / journal))

    @cached_property
    def _first(self) -> Context:
        return super().context()


@contextmanager
def living(population: Population = FIXED, **chosen: Any) -> Iterator[Life]:
    """Give an organization to which nothing has happened yet."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(population.document, settings=Settings(**{**QUICK, **chosen})) as sandbox,
    ):
        # Calls take no time, so that two pictures of one moment can be compared.
        stage = OneProcess(sandbox, Path(folder), limits=RateLimits(speed=1e9))
        yield Life(stage, lag=max(LAG, chosen.get("operation_list_lag", LAG)))


def check(life: Life) -> None:
    """Compare the remembered inventory with the deployed state."""
    known, real = life.picture(), life.picture(remembering=False)
    assert life.plan_of(known) == life.plan_of(real)
    known, real = life.picture(drift=True), life.picture(drift=True, remembering=False)
    assert ledger(known) == ledger(real)
    assert life.plan_of(known) == life.plan_of(real)


def live(life: Life, story: list[Step], *, lagging: bool) -> None:
    """Let things happen, and compare whenever AWS can have listed them."""
    for step in story:
        life.happen(step)
        if life.is_listed or not lagging:
            check(life)
    life.wait_until_listed()
    check(life)
    life.sandbox.run_to_end()
    life.wait_until_listed()
    check(life)


def settled(examples: int) -> settings:
    """Return the settings of a test that draws so many examples, always the same."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),  # shrinking takes longer than reading
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@given(past=histories())
@settled(20)
def test_a_refresh_returns_the_same_as_a_full_reading(past: History) -> None:
    with living(past.population) as life:
        life.happen(("apply", (past.first,)))
        live(life, past.story, lagging=False)


@pytest.mark.parametrize("lags", [LAGS, LONG_LAGS], ids=["short", "almost the look-back"])
@given(past=histories())
@settled(20)
def test_a_refresh_returns_the_same_as_a_full_reading_where_lists_lag(
    lags: dict[str, Any], past: History
) -> None:
    with living(past.population, **lags) as life:
        life.happen(("apply", (past.first,)))
        live(life, past.story, lagging=True)
