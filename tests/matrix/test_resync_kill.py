"""The kill matrix of a re-sync: a process that dies before or after anything it does.

At every moment, every real finding is repaired once, what is refused stays refused, and the
history knows what was repaired.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from orgrollout.sandbox import Settings
from tests.matrix.killing import (
    PAUSES,
    SHARDS,
    Fuse,
    count,
    killed_at_each,
    one_process,
    shard_of,
)
from tests.matrix.resync_story import QUICK, STOPPED, Ending, telling
from tests.pairwise import UNDOCUMENTED, pairwise

SEED = 20260106
KILLS = 2  # for each combination of undocumented behaviour
WRITES = ("CreateChangeSet", "ExecuteChangeSet", "DetectStackDrift", "StartConfigurationRecorder")
# What matters to a re-sync. Without drift-aware change sets there is no re-sync to test.
MATTERS = {
    "result_lag",
    "operation_list_lag",
    "empty_pages",
    "duplicate_operation_id",
    "account_order",
    "create_on_current",
    "overrides_stored",
    "omitted_parameters",
    "skipped_status",
    "skipped_result",
    "update_resets_drift",
    "executed_change_set",
}
COMBINATIONS = list(pairwise([note for note in UNDOCUMENTED if note.name in MATTERS]))


@cache
def undisturbed(folder: Path, settings: Settings = QUICK) -> tuple[Ending, tuple[str, ...]]:
    """Return the ending without a death, and all points at which a process could die."""
    fuse = Fuse()
    with telling(folder, settings) as story:
        rollout = one_process(story, fuse)
        return story.ending(rollout), tuple(fuse.points)


def killed_at(folder: Path, moments: Collection[int], settings: Settings = QUICK) -> None:
    """Kill a process at each of the moments, and check the ending."""
    expected, _ = undisturbed(folder, settings)
    with telling(folder, settings) as story:

        def resumed(moment: int) -> None:
            story.sandbox.clock.sleep(PAUSES[moment % len(PAUSES)])
            rollout = one_process(story, Fuse())
            assert story.ending(rollout) == expected
            assert rollout.state.in_flight == ()

        killed_at_each(story.stage, moments, partial(one_process, story), resumed)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("resync")


@pytest.mark.slow
def test_the_story_has_everything_that_can_go_wrong(folder: Path) -> None:
    """The matrix shows something only if the re-sync it kills does not just go well."""
    ending, points = undisturbed(folder)

    assert ending.outcome == "succeeded with failures"
    assert {kind for _, _, kind, _, _ in ending.failures} == {"refused", "came back"}
    assert {attempt for _, attempt, *_ in ending.completed} == {1, 2}
    assert {point.split()[1] for point in points} >= {*WRITES, "CreateStackInstances", "put"}
    assert len(ending.drifted) == 2
    assert (("StartConfigurationRecorder", *STOPPED, ""), 1) in ending.written


def test_a_process_killed_at_sampled_moments_ends_as_an_undisturbed_one(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder)
    writes = [n for n, point in enumerate(points, 1) if point.split()[1] in WRITES]
    chosen = random.Random(SEED)  # noqa: S311
    moments = {*chosen.sample(writes, 2), *chosen.sample(range(1, len(points) + 1), 2)}
    count(record_property, "sample of a re-sync", len(moments))
    killed_at(folder, moments)


@pytest.mark.slow
@pytest.mark.parametrize("row", COMBINATIONS)
def test_a_killed_re_sync_ends_the_same_for_each_undocumented_behaviour(
    folder: Path, row: dict[str, Any], record_property: Callable[[str, object], None]
) -> None:
    """Undisturbed, and killed at some moments in which it writes."""
    usual, _ = undisturbed(folder)
    settings = replace(QUICK, **row)
    ending, points = undisturbed(folder, settings)
    assert ending == usual

    writes = [n for n, point in enumerate(points, 1) if point.split()[1] in WRITES]
    moments = random.Random(str(row)).sample(writes, KILLS)  # noqa: S311
    killed_at(folder, moments, settings)
    count(record_property, "re-sync, whatever AWS leaves undocumented", len(moments))


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_process_killed_at_every_moment_ends_as_an_undisturbed_one(
    folder: Path, shard: int, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder)
    moments = shard_of(points, shard)
    killed_at(folder, moments)
    count(record_property, "re-sync", len(moments))
