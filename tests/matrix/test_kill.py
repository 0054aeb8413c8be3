"""The kill matrix: a process that dies before or after anything it does, and is started again.

Whatever the moment, the rollout ends as if nobody had died: the same stack instances in the same
state, the same failures, each operation exactly once, and the journal knows every one of them.
"""

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from orgrollout.model.ids import OperationId
from tests.matrix.killing import PAUSES, SHARDS, Fuse, Killed, one_process, shard_of
from tests.matrix.story import Ending, telling

SEED = 20260105


@cache
def undisturbed(folder: Path) -> tuple[Ending, tuple[str, ...]]:
    """Return how the story ends when nobody dies, and all the points at which somebody could."""
    fuse = Fuse()
    with telling(folder) as story:
        rollout = one_process(story, fuse)
        return story.ending(rollout), tuple(fuse.points)


def killed_at(folder: Path, *moments: int) -> None:
    """Kill a process at each of the moments, counted anew each time, and check the ending."""
    expected, points = undisturbed(folder)
    name = " and ".join(f"{moment} {points[moment - 1]}" for moment in moments)
    with telling(folder) as story:
        for moment in moments:
            with pytest.raises(Killed):
                one_process(story, Fuse(at=moment))
            story.sandbox.clock.sleep(PAUSES[moment % len(PAUSES)])
        rollout = one_process(story, Fuse())

        assert story.ending(rollout) == expected, name
        at_aws = story.ids_at_aws()
        assert len(at_aws) == len(set(at_aws)), name
        assert {completed.id for completed in rollout.state.completed} == set(
            map(OperationId, at_aws)
        ), name
        assert rollout.state.in_flight == (), name


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kill")


def test_the_story_has_everything_that_can_go_wrong(folder: Path) -> None:
    """The matrix shows something only if the rollout it kills does not just go well."""
    ending, points = undisturbed(folder)

    assert ending.outcome == "succeeded with failures"
    assert {kind for _, _, kind, _, _ in ending.failures} == {"blocked by policy", "blocked"}
    assert {attempt for _, attempt, *_ in ending.completed} == {1, 2, 3}
    calls = {point.split()[1] for point in points}
    assert calls >= {
        "CreateStackSet",
        "CreateStackInstances",
        "UpdateStackSet",
        "UpdateStackInstances",
        "DeleteStackInstances",
        "put",
    }
    assert all(p.startswith(("before", "after")) for p in points)


def test_a_sample_of_all_moments(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder)
    writes = [n for n, p in enumerate(points, 1) if p.split()[1].startswith(("Create", "Update"))]
    chosen = random.Random(SEED)  # noqa: S311
    moments = {*chosen.sample(writes, 4), *chosen.sample(range(1, len(points) + 1), 6)}
    record_property("kill_points", len(points))
    for moment in sorted(moments):
        killed_at(folder, moment)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_moment(folder: Path, shard: int, capsys: pytest.CaptureFixture[str]) -> None:
    _, points = undisturbed(folder)
    for moment in shard_of(points, shard, capsys):
        killed_at(folder, moment)


@pytest.mark.slow
def test_a_process_that_dies_again_and_again(folder: Path) -> None:
    """Whoever resumes may die as well; moments of one rollout, and those of what is left of it."""
    _, points = undisturbed(folder)
    chosen = random.Random(SEED + 1)  # noqa: S311
    for _ in range(15):
        first = chosen.randint(1, len(points) // 2)
        killed_at(folder, first, chosen.randint(1, len(points) // 4), 5)
