"""The kill matrix: a process that dies before or after anything it does, and is started again.

At every moment, the rollout ends as if no process had died: the same stack instances in the same
state, the same failures, each operation exactly once, and the journal knows every one of them.
"""

import random
from collections.abc import Callable, Collection
from functools import cache, partial
from pathlib import Path

import pytest

from orgrollout.model.ids import OperationId
from orgrollout.reconcile.documents.rollouts import Rollout
from tests.matrix.killing import (
    PAUSES,
    SHARDS,
    Fuse,
    count,
    killed_at_each,
    one_process,
    shard_of,
)
from tests.matrix.story import Ending, Story, telling

SEED = 20260105


@cache
def undisturbed(folder: Path) -> tuple[Ending, tuple[str, ...]]:
    """Return the ending without a death, and all points at which a process could die."""
    fuse = Fuse()
    with telling(folder) as story:
        rollout = one_process(story, fuse)
        return story.ending(rollout), tuple(fuse.points)


def killed_at(folder: Path, moments: Collection[int], *later: int) -> None:
    """Kill a process at each moment, and its resuming process at later ones; check the ending.

    Each of ``later`` counts from where the process before it died.
    """
    with telling(folder) as story:

        def killed(here: Collection[int], *more: int) -> None:
            killed_at_each(story.stage, here, partial(one_process, story), partial(resumed, more))

        def resumed(more: tuple[int, ...], moment: int) -> None:
            story.sandbox.clock.sleep(PAUSES[moment % len(PAUSES)])
            if more:
                killed({more[0]}, *more[1:])
            else:
                ends_as_undisturbed(folder, story, one_process(story, Fuse()))

        killed(moments, *later)


def ends_as_undisturbed(folder: Path, story: Story, rollout: Rollout) -> None:
    expected, _ = undisturbed(folder)
    assert story.ending(rollout) == expected
    at_aws = story.ids_at_aws()
    assert len(at_aws) == len(set(at_aws))
    assert {completed.id for completed in rollout.state.completed} == set(map(OperationId, at_aws))
    assert rollout.state.in_flight == ()


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


def test_a_process_killed_at_sampled_moments_ends_as_an_undisturbed_one(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder)
    writes = [n for n, p in enumerate(points, 1) if p.split()[1].startswith(("Create", "Update"))]
    chosen = random.Random(SEED)  # noqa: S311
    moments = {*chosen.sample(writes, 4), *chosen.sample(range(1, len(points) + 1), 6)}
    count(record_property, "sample of a rollout", len(moments))
    killed_at(folder, moments)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_process_killed_at_every_moment_ends_as_an_undisturbed_one(
    folder: Path, shard: int, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder)
    moments = shard_of(points, shard)
    killed_at(folder, moments)
    count(record_property, "rollout", len(moments))


@pytest.mark.slow
def test_a_process_that_dies_repeatedly_ends_as_an_undisturbed_one(folder: Path) -> None:
    """A resuming process may die as well, at moments of the rest of the rollout."""
    _, points = undisturbed(folder)
    chosen = random.Random(SEED + 1)  # noqa: S311
    for _ in range(15):
        first = chosen.randint(1, len(points) // 2)
        killed_at(folder, {first}, chosen.randint(1, len(points) // 4), 5)
