"""How operations of a wave are sent, and what a plan says about it."""

from typing import Any

import pytest

from orgrollout.manifest.schema import Manifest
from orgrollout.model.ids import AccountId
from orgrollout.plan.build.preferences import at_a_time, explained, throttled, wave_preferences
from orgrollout.plan.model.plan import PlannedWave
from tests.stage import BASE


def a_wave(accounts: int, allowed: int, index: int = 2, **rollout: Any) -> PlannedWave:
    manifest = Manifest.model_validate({**BASE, "targets": None, "rollout": rollout})
    return PlannedWave(
        index=index,
        name="rest",
        accounts=tuple(AccountId(f"{number:012d}") for number in range(accounts)),
        allowed_failures=allowed,
        preferences=wave_preferences(manifest, index, allowed),
    )


def test_a_tolerance_that_was_not_chosen_is_the_budget() -> None:
    wave = a_wave(100, 5)

    assert wave.preferences.failure_tolerance_count == 5
    assert "more than 5 accounts of a Region fail (its budget, soft)" in explained(wave)
    assert explained(wave).startswith("25 of 100 accounts at a time in a Region, all Regions")


def test_a_tolerance_that_was_chosen_is_kept() -> None:
    wave = a_wave(200, 5, operation_preferences={"failure_tolerance_percentage": 10})

    assert wave.preferences.failure_tolerance_count is None
    assert "more than 20 accounts of a Region fail (operation_preferences" in explained(wave)


@pytest.mark.parametrize(
    ("allowed", "warned"), [(5, "runs 6 accounts at a time and not 25"), (24, "")]
)
def test_strict_mode_is_warned_of_where_it_throttles(allowed: int, warned: str) -> None:
    """A tolerance of 0 lets strict mode run one account after the other, for hours."""
    wave = a_wave(100, allowed, operation_preferences={"concurrency_mode": "strict"})

    assert warned in (throttled(wave) or "")
    assert at_a_time(wave) == min(25, allowed + 1)


def test_soft_mode_does_not_throttle() -> None:
    assert throttled(a_wave(100, 0)) is None


def test_a_wave_has_its_own() -> None:
    own = {"name": "canary", "percent": 1, "operation_preferences": {"max_concurrent_count": 3}}

    assert at_a_time(a_wave(100, 0, index=1, waves=[own])) == 3
    assert at_a_time(a_wave(100, 0, index=2, waves=[own])) == 25
