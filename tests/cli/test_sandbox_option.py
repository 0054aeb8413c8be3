"""`--sandbox` and `demo`: the whole of it without AWS, and without a trace."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.cli.shipped import BASELINE, ORGANIZATION, shipped_manifest
from tests.cli.support import write_manifest
from tests.stage import BASE, organization

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "organization.yaml"
    path.write_text(yaml.safe_dump(organization()))
    return path


def test_the_demo_shows_a_first_rollout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first output for a new user: 30 accounts, a retry, two suspended accounts, all done."""
    assert main(["demo"]) == 0

    told = capsys.readouterr()
    assert "Plan: 210 to create" in told.out
    row = next(line for line in told.out.splitlines() if line.startswith("  throttled"))
    assert "1 instance in 1 account retried, done: Rate exceeded" in row
    skipped = [line for line in told.out.splitlines() if line.startswith("skipped: ")]
    assert len(skipped) == 3
    assert all("identity_test" in line and "intranet" in line for line in skipped)
    table = re.findall(r"^\d \w+ +[\w-]+ +create +(\d+)/(\d+) +0 ", told.out, re.MULTILINE)
    assert sum(int(done) for done, _ in table) == 210
    assert all(done == total for done, total in table)
    assert "security-baseline-1 succeeded: 210 stack instances done" in told.out
    assert "Nothing to do: 210 stack instances are as wanted." in told.out
    assert told.err == ""
    assert not (tmp_path / "state").exists(), "a sandbox left a journal behind"


@pytest.mark.parametrize("order", ["file last", "file first", "equals"])
def test_the_sandbox_option_takes_an_organization_file(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    manifest = str(write_manifest(tmp_path, BASE))
    arguments = {
        "file last": ["plan", manifest, "--sandbox", str(file)],
        "file first": ["plan", "--sandbox", str(file), manifest],
        "equals": ["plan", f"--sandbox={file}", manifest],
    }[order]

    assert main(arguments) == 0

    told = capsys.readouterr()
    assert "simulated: nothing here is real" in told.out
    assert "Plan: 14 to create" in told.out


def test_advice_names_the_sandbox_option(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, out = str(write_manifest(tmp_path, {**BASE, "journal": "kept"})), tmp_path / "a.plan"

    assert main(["plan", own, "--out", str(out), "--sandbox", str(file)]) == 0
    assert f"`orgrollout apply {out} --sandbox {file}`" in capsys.readouterr().out
    baseline = str(shipped_manifest(BASELINE))
    assert main(["plan", baseline, "--out", str(out), "--sandbox"]) == 0
    assert f"`orgrollout apply {out} --sandbox`" in capsys.readouterr().out


@pytest.mark.parametrize("order", ["option last", "option first"])
def test_the_sandbox_option_without_a_file_uses_the_bundled_organization(
    capsys: pytest.CaptureFixture[str], order: str
) -> None:
    manifest = str(shipped_manifest(BASELINE))
    arguments = [manifest, "--sandbox"] if order == "option last" else ["--sandbox", manifest]

    assert main(["plan", *arguments]) == 0
    assert "accounts: 33 = 28 targeted" in capsys.readouterr().out


def test_an_apply_in_a_sandbox_file_leaves_no_journal(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = str(write_manifest(tmp_path, BASE))

    assert main(["apply", manifest, "--yes", "--sandbox", str(file)]) == 0
    assert "base-1 succeeded" in capsys.readouterr().out
    assert main(["rollouts", "--sandbox", str(file)]) == 0
    assert "There is no rollout in this journal." in capsys.readouterr().out
    assert not (tmp_path / "state").exists()


def test_a_journal_is_refused_with_a_temporary_sandbox(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rollout of a sandbox must never be found in the journal of an organization."""
    assert main(["rollouts", "--sandbox", str(file), "--journal", str(tmp_path / "j")]) == 2
    assert "--journal does not go with --sandbox" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [("root: [", "not valid YAML"), ("root: {}", "organization must be an id")],
)
def test_a_wrong_organization_file_is_reported_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(content)

    assert main(["rollouts", "--sandbox", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_a_missing_organization_file_is_reported_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rollouts", "--sandbox", "nowhere.yaml"]) == 1
    assert "nowhere.yaml: No such file" in capsys.readouterr().err


def test_a_url_without_a_sandbox_is_reported_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rollouts", "--sandbox", "http://127.0.0.1:9"]) == 1
    assert "no sandbox answers at http://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["rollouts", "--sandbox"], ["sandbox", "serve"], ["demo"]])
def test_a_missing_extra_is_reported_with_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)

    assert main(arguments) == 1
    assert "pip install 'orgrollout[sandbox]'" in capsys.readouterr().err


def test_the_bundled_organization_is_where_the_code_expects_it() -> None:
    assert shipped_manifest(BASELINE).is_file()
    assert shipped_manifest(ORGANIZATION).is_file()
