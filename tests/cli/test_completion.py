"""Tab proposes names from the manifest in the folder and the journals of this machine, offline."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orgrollout.cli.main import main
from tests.cli.support import Program

Proposed = Callable[..., list[str]]


@pytest.fixture
def proposed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Proposed:
    """The completions of bash for the last word, requested as its script does."""

    def ask(*words: str) -> list[str]:
        with monkeypatch.context() as environment:
            environment.setenv("_ORGROLLOUT_COMPLETE", "complete_bash")
            environment.setenv("COMP_WORDS", " ".join(("orgrollout", *words)))
            environment.setenv("COMP_CWORD", str(len(words)))
            capsys.readouterr()
            assert main([]) == 0
        told = capsys.readouterr()
        assert told.err == ""
        return told.out.split()

    return ask


@pytest.fixture
def here(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A folder with a manifest, a journal with one rollout, and no AWS."""
    path = program.manifest(accounts={"log_archive": "300000000001"})
    assert program("apply", path, "--yes").code == 0
    monkeypatch.chdir(program.folder)
    monkeypatch.setenv("ORGROLLOUT_JOURNAL", str(program.folder / "journal"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    program.sandbox.calls.clear()
    return program


def test_completion_proposes_names_without_a_call(here: Program, proposed: Proposed) -> None:
    assert proposed("status", "") == ["base-1"]
    assert proposed("retry", "--stack-set", "") == ["topics"]
    assert proposed("plan", "--stack-set", "to") == ["topics"]
    assert proposed("coverage", "--state", "dri") == ["drifted"]
    assert proposed("coverage", "--fail-on", "out") == ["out_of_scope", "outdated"]
    assert proposed("retry", "--class", "thr") == ["throttled"]
    assert proposed("plan", "--account", "log") == ["log_archive"]
    assert proposed("explain", "manifest.yaml", "p") == ["p1", "p2", "p3"]
    assert "100000000001" in proposed("apply", "--account", "1")
    assert not here.sandbox.calls


@pytest.mark.parametrize("text", ["- a\n- b\n", "stack_sets: [x\n", "stack_sets: 3\n", ""])
def test_completion_proposes_nothing_from_an_unreadable_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proposed: Proposed, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orgrollout.yaml").write_text(text)
    state = tmp_path / "state" / "orgrollout"
    state.mkdir(parents=True)
    (state / "journal.sqlite").write_bytes(b"no journal at all")

    assert proposed("plan", "--stack-set", "") == []
    assert proposed("plan", "--account", "") == []
    assert proposed("status", "") == []


def test_completion_does_not_read_a_journal_in_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proposed: Proposed
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORGROLLOUT_JOURNAL", "s3://bucket/prefix")

    assert proposed("status", "") == []
