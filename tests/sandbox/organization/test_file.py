"""Organization files with something wrong in them are refused in words."""

from pathlib import Path

import pytest

from orgrollout.sandbox.errors import SandboxFileError
from orgrollout.sandbox.organization.file import load_organization
from tests.stage import ORGANIZATION


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("faults: [{from: 2026-13-01}]", "month must be in 1..12"),
        ("faults: [{from: 2026-02-30}]", "day"),
        ("regions: 7", "another kind"),
        ("opt_in_regions: [eu-south-1]", "another kind"),
        ("settings: 7", "another kind"),
        ("x: " + "[" * 5000, "nested too deeply"),
    ],
)
def test_an_impossible_value_is_refused_in_words(tmp_path: Path, line: str, said: str) -> None:
    key = line.partition(":")[0]
    kept = [each for each in ORGANIZATION.splitlines() if not each.startswith(f"{key}:")]
    path = tmp_path / "organization.yaml"
    path.write_text("\n".join([*kept, line]))

    with pytest.raises(SandboxFileError, match=said):
        load_organization(path)
