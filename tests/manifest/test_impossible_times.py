"""Months, days and times of day that do not exist are refused in every place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest.load import load_manifest
from orgrollout.sandbox.errors import SandboxFileError
from orgrollout.sandbox.organization.file import load_organization
from tests.manifest.large_inputs import TEMPLATE, WHOLE
from tests.stage import ORGANIZATION

DAYS = ["2026-13-01", "2026-00-10", "2026-02-30", "2025-02-29", "2026-12-32", "0000-01-01"]
TIMES = ["24:01", "25:00", "12:60", "-1:00", "12:5", "noon", "99:99"]

FIELDS: dict[str, tuple[Callable[[str], str], str]] = {
    "start of a freeze": (lambda day: f"rollout: {{freeze: {day}/2027-01-04}}", "no span of time"),
    "end of a freeze": (lambda day: f"rollout: {{freeze: 2026-12-20/{day}}}", "no span of time"),
    "moment of a freeze": (
        lambda day: f"rollout: {{freeze: ['{day}T18:00Z/2028-01-01T00:00Z']}}",
        "no span of time",
    ),
    "freeze in two parts": (
        lambda day: f"rollout: {{freeze: [{{start: {day}, end: 2027-01-04}}]}}",
        "no span of time",
    ),
    "last day of an accepted difference": (
        lambda day: (
            "drift: {ignore: [{stack_set: roles, resource: Role, reason: x, until: " + day + "}]}"
        ),
        "is no day",
    ),
    "last day of an exclusion": (
        lambda day: (
            "targets: {include: all, exclude: [{accounts: ['111122223333'], reason: x, "
            f"until: {day}}}]}}"
        ),
        "is no day",
    ),
}


def _said(folder: Path, line: str) -> str:
    """Return the problems of the manifest that has this line."""
    key = line.partition(":")[0]
    kept = [each for each in WHOLE.splitlines() if not each.startswith(f"{key}:")]
    (folder / "roles.yaml").write_text(TEMPLATE)
    (folder / "manifest.yaml").write_text("\n".join([*kept, line, ""]))
    with pytest.raises(ManifestError) as caught:
        load_manifest(folder / "manifest.yaml", environ={})
    (problem,) = caught.value.problems
    assert problem.line == len(kept) + 1
    assert problem.fix
    return f"{problem.field} {problem.message}"


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("field", FIELDS)
def test_an_impossible_date_is_reported_with_its_place(
    tmp_path: Path, field: str, day: str
) -> None:
    line, said = FIELDS[field]

    found = _said(tmp_path, line(day))

    assert said in found
    assert day in found


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("end", ["start", "end"])
def test_an_impossible_time_of_day_is_reported_with_its_place(
    tmp_path: Path, end: str, time: str
) -> None:
    found = _said(tmp_path, f"drift: {{unattended: {{windows: [{{{end}: '{time}'}}]}}}}")

    assert found.startswith(f"drift.unattended.windows[0].{end}")


@pytest.mark.parametrize("window", ["2026-13-01", "{days: 13}", "{days: [mon, 2026-13-01]}"])
def test_a_window_is_not_read_as_a_date(tmp_path: Path, window: str) -> None:
    found = _said(tmp_path, f"drift: {{unattended: {{windows: [{window}]}}}}")

    assert found.startswith("drift.unattended.windows[0]")


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("quote", ["", "'"])
def test_an_organization_file_with_an_impossible_date_is_refused_in_words(
    tmp_path: Path, day: str, quote: str
) -> None:
    text = ORGANIZATION.replace(
        'p1, id: "100000000001"', f'p1, id: "100000000001", joined: {quote}{day}{quote}'
    )
    assert day in text
    (tmp_path / "organization.yaml").write_text(text)

    with pytest.raises(SandboxFileError, match=r"organization\.yaml"):
        load_organization(tmp_path / "organization.yaml")
