"""The kill matrix of a rollback: a process that dies before or after any commit to the journal.

At every moment, the rollout is rolled back once, by the process that resumes it; or another rollout
takes over from all of it.
"""

from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path

import pytest

from orgrollout.rollout.state.state import Outcome
from tests.matrix.killing import PAUSES, Fuse, count, killed_at_each
from tests.matrix.rollback_story import HALTED, Ending, telling

COMMITS = ("put", "append", "delete", "drop")
WAYS = pytest.mark.parametrize("by_itself", [True, False], ids=["by itself", "ordered"])


@cache
def undisturbed(folder: Path, *, by_itself: bool) -> tuple[Ending, tuple[str, ...]]:
    """Return the ending without a death, and all points at which a process could die."""
    fuse = Fuse()
    with telling(folder, by_itself=by_itself) as story:
        back = story.one_process(fuse)
        return story.ending(back), tuple(fuse.points)


def commits(points: tuple[str, ...]) -> list[int]:
    """Return the moments before and after each commit."""
    return [n for n, point in enumerate(points, 1) if point.split()[1] in COMMITS]


def commits_while_beginning(points: tuple[str, ...]) -> list[int]:
    """Return the moments up to the one at which the halted rollout can never go on."""
    last = points.index(f"after put rollout/{HALTED}") + 1
    return [n for n in commits(points) if n <= last]


def killed_at(folder: Path, moments: Collection[int], *, by_itself: bool) -> None:
    """Kill a process at each of the moments, and check the ending."""
    expected, _ = undisturbed(folder, by_itself=by_itself)
    with telling(folder, by_itself=by_itself) as story:

        def resumed(moment: int) -> None:
            story.sandbox.clock.sleep(PAUSES[moment % len(PAUSES)])
            back = story.one_process(Fuse())
            assert story.ending(back) == expected
            assert back.state.in_flight == ()

        killed_at_each(story.stage, moments, story.one_process, resumed)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rollback")


@pytest.mark.slow
@WAYS
def test_an_undisturbed_rollback_takes_over_before_it_sends(folder: Path, by_itself: bool) -> None:
    ending, points = undisturbed(folder, by_itself=by_itself)

    assert ending.rollouts == (
        ("base-1", Outcome.SUCCEEDED, None),
        ("base-2", Outcome.HALTED, "base-3"),
        ("base-3", Outcome.SUCCEEDED, None),
    )
    order = [
        "after put claims/base-first",
        "after put claims/base-second",
        "after put rollout/base-3",
        f"after put rollout/{HALTED}",
        "before UpdateStackSet",
    ]
    assert sorted(order, key=points.index) == order


@pytest.mark.slow
@WAYS
def test_a_process_can_die_at_any_commit_while_a_rollback_begins(
    folder: Path, by_itself: bool, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder, by_itself=by_itself)
    moments = commits_while_beginning(points)
    killed_at(folder, moments, by_itself=by_itself)
    count(record_property, "rollback, while it begins", len(moments))


@pytest.mark.slow
@WAYS
def test_a_process_can_die_at_any_later_commit_of_a_rollback(
    folder: Path, by_itself: bool, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder, by_itself=by_itself)
    later = sorted({*commits(points)} - {*commits_while_beginning(points)})
    killed_at(folder, later, by_itself=by_itself)
    count(record_property, "rollback, after that", len(later))


@pytest.mark.slow
@WAYS
def test_another_rollout_takes_over_from_every_dead_process(
    folder: Path, by_itself: bool, record_property: Callable[[str, object], None]
) -> None:
    _, points = undisturbed(folder, by_itself=by_itself)
    moments = commits_while_beginning(points)
    with telling(folder, by_itself=by_itself) as story:

        def taken_over(moment: int) -> None:
            assert story.supersede().state.outcome is Outcome.SUCCEEDED, points[moment - 1]

        killed_at_each(story.stage, moments, story.one_process, taken_over)
    count(record_property, "rollback, taken over by another rollout", len(moments))
