"""Defaults for missing options: from the folder, the environment, a file."""

import json
from pathlib import Path

import pytest
import yaml

from orgrollout.cli.sandboxes import environment
from tests.cli.support import Program
from tests.stage import BASE, organization


@pytest.fixture
def here(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program in a folder with one manifest, as against AWS."""
    program.manifest()
    monkeypatch.chdir(program.folder)
    return program


def test_the_only_manifest_of_the_folder_is_used(here: Program) -> None:
    (here.folder / "values.yaml").write_text("colour: red\n")

    assert here("plan").code == 0
    assert here("apply", "--yes").code == 0
    assert here("coverage").code == 0
    assert here.alone("validate").code == 0
    assert here("plan", here.folder).out.count("Nothing to do") == 1


def test_a_manifest_of_the_usual_name_is_preferred(here: Program) -> None:
    text = (here.folder / "manifest.yaml").read_text()
    (here.folder / "orgrollout.yaml").write_text(text.replace("name: base", "name: usual"))

    assert "usual-topics" in json.dumps(here("plan", "--format", "json").json)


def test_several_manifests_are_listed_and_none_is_chosen(here: Program) -> None:
    (here.folder / "other.yml").write_text((here.folder / "manifest.yaml").read_text())

    ran = here("plan")

    assert ran.code == 2
    assert "this folder has 2: manifest.yaml, other.yml. Name one" in ran.err
    assert not here.sandbox.calls


def test_a_folder_without_a_manifest_is_reported_with_how_to_make_one(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")

    ran = program("plan")

    assert ran.code == 2
    assert "there is none in this folder" in ran.err
    assert "orgrollout init" in ran.err


def test_the_file_after_sandbox_is_the_manifest_if_no_other_is_named(here: Program) -> None:
    """`plan --sandbox manifest.yaml` always meant that manifest in the default sandbox."""
    document = {**BASE, "name": "named", "targets": "all", "regions": ["us-east-1"]}
    (here.folder / "named.yaml").write_text(yaml.safe_dump(document))

    ran = here.alone("plan", "--sandbox", "named.yaml", "--format", "json")

    assert ran.code == 0
    assert ran.json["manifest"] == "named"
    assert ran.json["summary"]["create"] == 30, "the active accounts of the sandbox"
    assert "simulated: nothing here is real" in ran.err
    assert not here.sandbox.calls


def test_the_file_after_sandbox_is_the_organization_if_a_manifest_is_named(here: Program) -> None:
    (here.folder / "organization.yaml").write_text(yaml.safe_dump(organization()))

    ran = here.alone("plan", "manifest.yaml", "--sandbox", "organization.yaml", "--format", "json")

    assert ran.code == 0
    assert ran.json["summary"]["create"] == 14, "7 active accounts, 2 Regions"
    assert not here.sandbox.calls


def test_environment_variables_replace_options(
    here: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORGROLLOUT_FORMAT", "json")
    monkeypatch.setenv("ORGROLLOUT_JOURNAL", str(here.folder / "mine"))
    with environment(here.server.environment()):
        ran = here.alone("plan")
        assert ran.json["manifest"] == "base"
        assert list((here.folder / "mine").rglob("*.sqlite"))
        assert "Plan:" in here.alone("plan", "--format", "text").out
        monkeypatch.setenv("ORGROLLOUT_PROFILE", "unknown")
        assert "profile unknown is in neither" in here.alone("plan").err
    assert here("plan").code == 0, "a simulated organization takes no profile"


def test_a_defaults_file_has_the_lowest_precedence(
    here: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = here.folder / "config.toml"
    config.write_text('[defaults]\nformat = "json"\njournal = "kept"\n')
    monkeypatch.setenv("ORGROLLOUT_CONFIG", str(config))
    with environment(here.server.environment()):
        assert here.alone("plan").json["manifest"] == "base"
        assert list((here.folder / "kept").rglob("*.sqlite"))
        monkeypatch.setenv("ORGROLLOUT_FORMAT", "text")
        assert "Plan:" in here.alone("plan").out
    config.write_text('[defaults]\nprofil = "x"\n')
    ran = here.alone("plan")
    assert ran.code == 2
    assert "no default `profil`. Did you mean `profile`?" in ran.err


def test_explain_takes_the_manifest_of_the_folder(here: Program) -> None:
    here.manifest()

    alone = here("explain", "p1", "--format", "json")
    named = here("explain", "manifest.yaml", "p1", "--format", "json")

    assert (alone.code, named.code) == (0, 0)
    assert alone.json["account_name"] == "p1"
    assert alone.json["stack_sets"] == named.json["stack_sets"]


@pytest.mark.parametrize("only", ["manifest.yaml", "missing.yaml"])
def test_explain_of_a_manifest_alone_requires_an_account(here: Program, only: str) -> None:
    here.manifest()

    ran = here("explain", only)

    assert ran.code == 2
    assert (
        f"which account? Name it after the manifest: orgrollout explain {only} ACCOUNT" in ran.err
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "it is no regular file"),
        ("missing", "there is no such file"),
        ("large", "bytes. It is"),
    ],
)
def test_what_cannot_be_a_file_of_defaults_is_refused(
    here: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "large").write_text("#" * 1_000_001)
    monkeypatch.setenv("ORGROLLOUT_CONFIG", str(tmp_path / name))

    ran = here("plan")

    assert ran.code == 2
    assert said in ran.err
