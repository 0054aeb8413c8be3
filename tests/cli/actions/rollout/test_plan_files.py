"""Where plans are saved: never over anything else, and to be found again from any folder."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orgrollout.cli.actions.rollout.saved_plan import read_saved, save_plan
from orgrollout.cli.errors import OutputError
from tests.cli.actions.rollout.test_saved_plans import asked_of, saved
from tests.cli.support import Program

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["manifest.yaml", "topic.yaml", "notes.txt"])
def test_a_plan_never_overwrites_a_file_that_is_not_a_plan(program: Program, name: str) -> None:
    """One slip of the hand must not cost the manifest, and nothing is read in vain either."""
    manifest = program.manifest()
    (program.folder / "notes.txt").write_text("mine")
    before = (program.folder / name).read_bytes()

    ran = program("plan", manifest, "--out", program.folder / name)

    assert ran.code == 1
    assert "exists and is no saved plan" in ran.err
    assert (program.folder / name).read_bytes() == before
    assert not program.sandbox.calls


def test_a_plan_overwrites_an_older_plan_and_an_empty_file(program: Program) -> None:
    (program.folder / "base.plan").touch()

    first = saved(program).read_text()
    second = saved(program, regions=["us-east-1"]).read_text()

    assert first != second


def test_a_plan_that_cannot_be_saved_leaves_nothing_behind(program: Program) -> None:
    """Half a plan in a temporary file would hold the same confidential values."""
    kept = read_saved(asked_of(saved(program)))
    assert kept is not None
    before = sorted(program.folder.iterdir())

    with _disk_full(), pytest.raises(OutputError, match="cannot write"):
        save_plan(program.folder / "again.plan", kept.asked, kept.plan)

    assert sorted(program.folder.iterdir()) == before


def test_an_impossible_file_name_is_refused_before_anything_is_read(program: Program) -> None:
    ran = program("plan", program.manifest(), "--out", program.folder / ("x" * 300))

    assert ran.code == 1
    assert "cannot write" in ran.err
    assert not program.sandbox.calls


@contextmanager
def _disk_full() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_saved_plan_is_carried_out_from_any_folder(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(program.folder)
    program.manifest()
    assert program("plan", "manifest.yaml", "--out", "base.plan").code == 0
    (program.folder / "elsewhere").mkdir()
    monkeypatch.chdir(program.folder / "elsewhere")

    ran = program("apply", "../base.plan")

    assert ran.code == 0, ran.err
    assert program.operations()


def test_a_saved_plan_can_be_moved_together_with_its_manifest(program: Program) -> None:
    """A CI system checks the same files out into another folder for each job."""
    saved(program)
    moved = program.folder / "moved"
    moved.mkdir()
    for name in ("base.plan", "manifest.yaml", "topic.yaml"):
        (program.folder / name).rename(moved / name)

    assert program("apply", moved / "base.plan").code == 0


def test_a_saved_plan_without_its_manifest_names_the_plan_and_the_missing_file(
    program: Program,
) -> None:
    plan = saved(program)
    manifest = program.manifest()
    manifest.unlink()

    ran = program("apply", plan)

    assert ran.code == 1
    assert f"{plan} is a plan for {manifest}, and there is no such file" in ran.err
