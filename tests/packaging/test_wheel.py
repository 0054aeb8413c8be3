"""The wheel works by itself: outside of the repository, with what it brings along."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.paths import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with nothing but what the wheel holds."""
    dist = tmp_path_factory.mktemp("dist")
    subprocess.run(  # noqa: S603 - this interpreter, our own arguments
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = dist.glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def _run(site: Path, folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "100"}
    return subprocess.run(  # noqa: S603 - this interpreter, our own arguments
        [sys.executable, "-m", "orgrollout", *arguments],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_wheel_is_what_is_imported(unpacked: Path, tmp_path: Path) -> None:
    """Otherwise the tests below would try the repository."""
    code = "import orgrollout; print(orgrollout.__file__)"
    shown = subprocess.run(  # noqa: S603 - this interpreter, our own arguments
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(shown.stdout.strip()).is_relative_to(unpacked)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--help"], "apply"),
        pytest.param(["templates", "list"], "config-regional", marks=pytest.mark.slow),
        pytest.param(["schema"], "stack_sets", marks=pytest.mark.slow),
        pytest.param(
            ["service", "template", "--only", "journal"],
            "AWS::S3::Bucket",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_commands_work_outside_of_the_repository(
    unpacked: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    ran = _run(unpacked, tmp_path, arguments)
    assert ran.returncode == 0, ran.stderr
    assert says in ran.stdout


@pytest.mark.slow
def test_a_manifest_of_the_shipped_templates_is_planned(unpacked: Path, tmp_path: Path) -> None:
    """`builtin:` templates and the starter organization come with the wheel."""
    assert _run(unpacked, tmp_path, ["init"]).returncode == 0
    ran = _run(unpacked, tmp_path, ["plan", "orgrollout.yaml", "--sandbox"])
    assert "to create" in ran.stdout + ran.stderr, ran.stderr


def test_the_page_comes_with_the_wheel_and_its_sources_do_not(unpacked: Path) -> None:
    """`report` needs no Node and no repository."""
    folder = unpacked / "orgrollout" / "report" / "page"

    assert {"page.js", "page.css"} <= {path.name for path in folder.iterdir()}
    assert not list(unpacked.rglob("*.ts"))
