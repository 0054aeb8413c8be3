"""Files that commands write: for their owner only, whole, and never into another file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout.cli.errors import OutputError
from orgrollout.cli.main import main
from orgrollout.cli.terminal.files import create_file, replace_file
from tests.cli.support import Program

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def test_an_existing_file_of_another_mode_is_narrowed_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text("old")
    file.chmod(0o666)

    replace_file(file, "new")

    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["old.json"]


@pytest.mark.parametrize("leads_to", ["other.txt", "nothing"])
def test_a_symbolic_link_is_refused_by_name(tmp_path: Path, leads_to: str) -> None:
    other = tmp_path / "other.txt"
    other.write_text("not mine")
    link = tmp_path / "link"
    link.symlink_to(leads_to)

    with pytest.raises(OutputError, match=f"is a symbolic link to {leads_to}; nothing was written"):
        replace_file(link, "new")
    with pytest.raises(OutputError, match=r"cannot write .*: File exists"):
        create_file(link, b"new")

    assert link.is_symlink()
    assert other.read_text() == "not mine"
    assert not (tmp_path / "nothing").exists()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"is a folder; nothing was written\."):
        replace_file(tmp_path, "new")


def test_pieces_that_cannot_all_be_made_leave_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text("old")

    def pieces() -> Iterator[str]:
        yield "new"
        raise RuntimeError("there is no more")

    with pytest.raises(RuntimeError, match="no more"):
        replace_file(file, pieces())

    assert file.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["old.json"]


@needs_full
def test_a_full_disk_is_reported_in_words() -> None:
    with pytest.raises(OutputError, match="cannot write /dev/full: No space left on device"):
        replace_file(FULL, "new")
    with pytest.raises(OutputError, match="cannot write /dev/full: No space left on device"):
        create_file(FULL, b"new")


def test_a_link_to_a_device_is_written_to() -> None:
    replace_file(Path("/dev/null"), "new")
    assert Path("/dev/null").is_char_device()


@needs_full
def test_sandbox_init_says_that_the_disk_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "init", "--out", str(FULL)]) == 1
    told = capsys.readouterr().err
    assert told == "cannot write /dev/full: No space left on device.\n"


def test_sandbox_init_does_not_write_through_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "organization.yaml"
    link.symlink_to(tmp_path / "elsewhere.yaml")

    assert main(["sandbox", "init", "--out", str(link)]) == 2
    assert "was left alone" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_init_does_not_write_through_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "orgrollout.yaml"
    link.symlink_to(tmp_path / "elsewhere.yaml")

    assert main(["init", str(link)]) == 1
    assert "exists already; nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_templates_export_does_not_write_through_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["templates", "export", str(tmp_path / "first")]) == 0
    link = tmp_path / "second" / min((tmp_path / "first").iterdir()).name
    link.parent.mkdir()
    link.symlink_to(tmp_path / "elsewhere.yaml")

    assert main(["templates", "export", str(link.parent)]) == 1
    assert "exists already; nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere.yaml").exists()


@pytest.mark.slow
def test_journal_export_narrows_its_file_and_leaves_other_files_alone(program: Program) -> None:
    old = program.folder / "old.json"
    old.write_text("{}")
    old.chmod(0o644)
    link = program.folder / "link.json"
    link.symlink_to(old)

    assert program("journal", "export", "--out", link).code == 1
    assert old.read_text() == "{}"
    assert program("journal", "export", "--out", old).code == 0
    assert old.stat().st_mode & 0o777 == 0o600
    assert old.read_text() != "{}"

    journal = next(program.folder.glob("journal/**/*.sqlite"))
    before = journal.read_bytes()
    refused = program("journal", "export", "--out", journal)
    assert refused.code == 1
    assert "is a database, perhaps the journal itself; nothing was written" in refused.err
    assert journal.read_bytes()[:16] == before[:16]
    folder = program("journal", "export", "--out", program.folder)
    assert folder.code == 1
    assert "is a folder" in folder.err


@pytest.mark.slow
@needs_full
def test_an_unwritable_file_is_reported_before_anything_is_read(program: Program) -> None:
    manifest = program.manifest()
    link = program.folder / "link.plan"
    link.symlink_to(manifest)
    before = Path(manifest).read_text()
    full = program("journal", "export", "--out", FULL)
    assert (full.code, full.err.splitlines()[-1]) == (
        1,
        "cannot write /dev/full: No space left on device.",
    )

    calls = len(program.sandbox.calls)
    for out in (FULL, link, program.folder):
        ran = program("plan", manifest, "--out", out)
        assert ran.code == 1
        assert str(out) in ran.err
    assert Path(manifest).read_text() == before
    assert len(program.sandbox.calls) == calls
