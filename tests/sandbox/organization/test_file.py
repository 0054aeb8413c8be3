"""Organization files with something wrong in them are refused in words."""

from pathlib import Path

import pytest

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.errors import SandboxFileError
from orgrollout.sandbox.organization.file import load_organization
from tests.stage import ORGANIZATION


def test_a_manifest_is_told_from_an_organization_file(tmp_path: Path) -> None:
    """Eleven keys were "not known", and nothing said which file was expected."""
    path = tmp_path / "manifest.yaml"
    path.write_text("version: 1\nname: base\norganization: o-a1b2c3d4e5\nstack_sets: {}\n")

    with pytest.raises(SandboxFileError, match="it is a manifest, and an organization file is"):
        load_organization(path)


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(SandboxFileError, match="more than 50,000,000 bytes"):
        load_organization(Path("/dev/zero"))


def test_a_unit_that_contains_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "organization.yaml"
    path.write_text("organization: o-a1b2c3d4e5\nroot: &r {organizational_units: {A: *r}}\n")

    with pytest.raises(SandboxFileError, match="a unit in it contains itself"):
        load_organization(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("faults: [{from: 2026-13-01}]", "month must be in 1..12"),
        ("faults: [{from: 2026-02-30}]", "day"),
        ("regions: 7", "regions must be a list, not the number 7"),
        ("opt_in_regions: [eu-south-1]", "opt_in_regions must be a mapping, not a list"),
        ("settings: 7", "settings must be a mapping, not the number 7"),
        ("home_region: [x]", "home_region must be a text"),
        ("feature_set: some", "feature_set must be 'ALL' or 'CONSOLIDATED_BILLING', not a text"),
        ("regions: [[x]]", r"regions\[0\] must be a text"),
        ("trusted_access: maybe", "trusted_access must be true or false, not a text"),
        ("home_region: us-east-11", "knows no Region 'us-east-11'. Did you mean us-east-1"),
        ("regions: [eu-west-1, mars-1]", "regions: botocore knows no Region 'mars-1'"),
        ("root: [", "line [0-9]+, column [0-9]+: "),
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


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("{accounts: [{name: 7}]}", r"root.accounts\[0\].name must be a text, in quotes if"),
        ("{accounts: [7]}", r"root.accounts\[0\] must be a name or a mapping, not the number 7"),
        ("{accounts: [{name: a, tags: {t: [x]}}]}", "tags.t must be a text, .*, not a list"),
        ("{accounts: {a: 1}}", "root.accounts must be a list, not a mapping"),
        ("{accounts: [], accounts: []}", "line 2: accounts is written in line 2 already"),
        ("{organizational_units: {A: [x]}}", "root.organizational_units.A must be a mapping"),
        ("{accounts: [{name: a, joined: 7}]}", "joined must be a date"),
        ("{accounts: [{name: a, opt_in_regions: [eu-suth-1]}]}", "no Region 'eu-suth-1'"),
    ],
)
def test_a_wrong_value_below_the_root_is_named_with_its_place(
    tmp_path: Path, root: str, said: str
) -> None:
    path = tmp_path / "organization.yaml"
    path.write_text(f"organization: o-a1b2c3d4e5\nroot: {root}\n")

    with pytest.raises(SandboxFileError, match=said):
        load_organization(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("faults: [{fail: [a]}]", "faults.fail: expected arguments, not"),
        ("faults: [{fail: {account: [a]}}]", "faults.fail.account must be a text, .*, not a list"),
        (
            "faults: [{fail: {account: p1, times: lots}}]",
            "fail.times must be a whole number",
        ),
        (
            "faults: [{disable_region: {account: p1, region: us-esat-1}}]",
            "faults.disable_region.region: botocore knows no Region 'us-esat-1'",
        ),
        ("settings: {seed: x}", "settings.seed must be a whole number, not a text"),
        ("settings: {result_lag: [1]}", "settings.result_lag must be a number of seconds"),
        ("settings: {median_duration: .inf}", "settings.median_duration must be a number of sec"),
        ("settings: {median_duration: -1}", "settings.median_duration must be a number of sec"),
        ("settings: {empty_pages: 1}", "settings.empty_pages must be true or false"),
    ],
)
def test_a_fault_or_a_setting_of_a_wrong_kind_is_refused_in_words(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "organization.yaml"
    path.write_text(f"{ORGANIZATION}\n{line}\n")

    with pytest.raises(SandboxFileError, match=said):
        Sandbox.start(path)
