"""The worked example of CONTRIBUTING.md works: a check is its one module and one command."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.paths import ROOT

EXAMPLE = re.compile(r"all of `(\w+\.py)`:\n\n +```python\n(.*?)\n +```", re.DOTALL)
TREE = ("orgrollout", "tests", "stacksets", "manifests", "docs")


def example() -> tuple[str, str]:
    """Return the path and the text of the module that the page shows."""
    found = EXAMPLE.search((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert found is not None
    return f"orgrollout/posture/checks/{found[1]}", textwrap.dedent(f"{found[2]}\n")


@pytest.mark.slow
def test_a_new_check_is_its_module_and_nothing_else(tmp_path: Path) -> None:
    """A stranger who follows the page has a check that is documented, allowed and looked at."""
    for name in TREE:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path, text = example()
    (tmp_path / path).write_text(text, encoding="utf-8")

    def run(*command: str) -> None:
        done = subprocess.run(  # noqa: S603 - the interpreter that runs this test
            [sys.executable, "-P", "-m", *command],
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run("tests.posture.derived")
    assert "\n| `ebs-encryption` | " in (tmp_path / "docs" / "posture.md").read_text("utf-8")
    roles = (tmp_path / "stacksets" / "resync-role.yaml").read_text("utf-8")
    assert roles.count("- ec2:GetEbsEncryptionByDefault\n") == 2
    assert roles.count("- ec2:EnableEbsEncryptionByDefault\n") == 1
    run("pytest", "-q", "-p", "no:cacheprovider", "tests/posture/test_registry.py")
    run("ruff", "check", path)
    run("ruff", "format", "--check", path)
