"""`init`: files to start from, written once and never over anything."""

from pathlib import Path

import boto3
import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.manifest.lint import lint_templates
from orgrollout.manifest.load import load_manifest
from tests.cli.support import Program
from tests.stage import TOPIC


@pytest.mark.slow
def test_the_starter_is_a_sound_manifest_that_explains_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0

    path = tmp_path / "orgrollout.yaml"
    assert "Wrote orgrollout.yaml" in capsys.readouterr().out
    assert main(["validate", str(path)]) == 0
    assert lint_templates(load_manifest(path)) == []
    assert path.read_text().count("#") > 20
    assert main(["plan", str(path), "--sandbox"]) == 0


def test_nothing_is_overwritten(program: Program, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("precious")

    ran = program.alone("init", mine)

    assert ran.code == 1
    assert f"{mine} exists already; nothing was written" in ran.err
    assert mine.read_text() == "precious"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--name", "9 bad"), "--name 9 bad: a manifest's name has letters"),
        (("--region", "moon"), "--region moon: there is no such Region."),
        (("--from-aws", "--name", "x" * 41), "at most 40 of them"),
        (("--from-aws", "--region", "us-est-1"), "us-est-1: there is no such Region. Did you"),
    ],
)
def test_a_manifest_that_would_be_refused_is_not_written(
    program: Program, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "manifest.yaml"

    ran = program("init", path, *options)

    assert ran.code == 2
    assert said in ran.err
    assert not path.exists()
    assert not program.sandbox.calls


@pytest.mark.slow
def test_a_template_in_the_way_is_found_before_stack_instances_are_described(
    program: Program, tmp_path: Path
) -> None:
    """One call for each of 100,000 stack instances, at two a second, would be in vain."""
    program("apply", program.manifest(), "--yes")
    program.sandbox.calls.clear()
    mine = tmp_path / "templates" / "base-topics.yaml"
    mine.parent.mkdir()
    mine.write_text("precious")

    ran = program("init", tmp_path / "new.yaml", "--from-aws", "--name", "base")

    assert ran.code == 1
    assert f"{mine} exists already; nothing was written" in ran.err
    assert not (tmp_path / "new.yaml").exists()
    assert "DescribeStackInstance" not in {c.operation for c in program.sandbox.calls}


@pytest.mark.slow
def test_what_exists_is_written_with_its_templates_and_its_plan_is_empty(
    program: Program, tmp_path: Path
) -> None:
    client = boto3.client("cloudformation", endpoint_url=program.server.endpoint)
    root = program.sandbox.organization.root_id
    client.create_stack_set(
        StackSetName="TeamX-Config", TemplateBody=TOPIC, PermissionModel="SERVICE_MANAGED"
    )
    client.create_stack_instances(
        StackSetName="TeamX-Config",
        DeploymentTargets={"OrganizationalUnitIds": [root]},
        Regions=["us-east-1"],
    )
    program.sandbox.run_to_end()
    written = program.writes()
    path = tmp_path / "new" / "manifest.yaml"

    ran = program("init", path, "--from-aws", "--name", "taken")

    assert ran.code == 0
    assert program.writes() == written
    where = f"--sandbox {program.server.endpoint} --journal {program.folder / 'journal'}"
    assert f"`orgrollout plan {path} {where}`" in ran.out
    assert (path.parent / "templates" / "TeamX-Config.yaml").read_text() == TOPIC
    (entry,) = yaml.safe_load(path.read_text())["stack_sets"].values()
    assert entry["targets"] == {"include": [{"organizational_units": [root]}]}
    plan = program("plan", path, "--detailed-exitcode")
    assert (plan.code, "Nothing to do: 9 stack instances are as wanted." in plan.out) == (0, True)


def test_a_stack_set_that_does_not_exist_is_an_error_and_writes_nothing(
    program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "manifest.yaml"

    ran = program("init", path, "--from-aws", "--stack-set", "Nope")

    assert ran.code == 1
    assert "there is no stack set Nope in us-east-1; nothing was written" in ran.err
    assert not path.exists()


@pytest.mark.slow
def test_where_all_belongs_to_another_manifest_nothing_is_described_and_a_person_is_asked(
    program: Program, tmp_path: Path
) -> None:
    """A stack set that is left out costs no call for each of its stack instances."""
    program("apply", program.manifest(), "--yes")
    program.sandbox.calls.clear()
    path = tmp_path / "taken.yaml"

    ran = program("init", path, "--from-aws", "--name", "taken")

    assert ran.code == 3
    assert "left out: base-topics: it belongs to the manifest base" in ran.out + ran.err
    assert "There was nothing to describe" in ran.out + ran.err
    assert "DescribeStackInstance" not in {c.operation for c in program.sandbox.calls}
    assert "stack_sets" in program.alone("validate", path).err
