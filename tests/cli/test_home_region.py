"""A manifest has one home: the shell it is run from must not decide where stack sets live."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.aws.transport.connection import connect
from orgrollout.cli.main import main
from orgrollout.cli.sandboxes import environment
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Region
from orgrollout.reconcile.reading.home_region import stack_sets_elsewhere
from orgrollout.sandbox import VirtualClock, serve
from tests.cli.support import Program, Ran, write_manifest
from tests.docs.demo import README
from tests.stage import BASE
from tests.templates.support.shipped import ORGANIZATION

HOMELESS = {key: value for key, value in BASE.items() if key != "home_region"}
Shell = Callable[..., Ran]


@pytest.fixture
def shell(program: Program) -> Shell:
    """Return a function that runs a command as against AWS, in a shell with its own Region."""

    def run(region: str, *arguments: object) -> Ran:
        variables = {**program.server.environment(), "AWS_REGION": region}
        with environment({**variables, "AWS_DEFAULT_REGION": region}):
            return program.alone(*arguments, "--journal", program.folder / "journal")

    return run


def test_a_manifest_without_home_is_refused_and_a_region_is_proposed(
    program: Program, shell: Shell
) -> None:
    """It would deploy a second baseline from a shell with another AWS_REGION."""
    path = write_manifest(program.folder, HOMELESS)

    for command in (("plan", path), ("apply", path, "--yes"), ("coverage", path), ("drift", path)):
        ran = shell("eu-west-1", *command)
        assert ran.code == 1
        assert "home_region: is missing" in ran.err
        assert "Write `home_region: eu-west-1` (the Region of this session" in ran.err
    assert program.writes() == []


@pytest.mark.slow
def test_the_proposed_region_is_that_of_its_stack_sets(program: Program, shell: Shell) -> None:
    assert shell("us-east-1", "apply", program.manifest(), "--yes").code == 0
    path = write_manifest(program.folder, HOMELESS)

    ran = shell("eu-west-1", "plan", path)

    assert ran.code == 1
    assert "Write `home_region: us-east-1` (base-topics of this manifest live there)" in ran.err


@pytest.mark.slow
def test_a_second_home_region_is_refused_while_the_first_is_in_use(
    program: Program, shell: Shell
) -> None:
    assert shell("us-east-1", "apply", program.manifest(), "--yes").code == 0
    written = program.writes()
    path = program.manifest(home_region="eu-west-1")

    for command in (("plan", path), ("apply", path, "--yes"), ("preflight", path)):
        ran = shell("eu-west-1", *command)
        assert ran.code == 1
        assert "base-topics of this manifest lives in us-east-1" in ran.err
        assert "Write `home_region: us-east-1`" in ran.err
    assert program.writes() == written


@pytest.mark.slow
def test_another_region_is_read_once_and_only_for_stack_sets_to_be_created(
    program: Program, shell: Shell
) -> None:
    path = program.manifest()

    first = json.loads(shell("us-east-1", "plan", path, "--format", "json").out)
    assert first["calls"]["ListStackSets"] == 2  # at home, and in eu-west-1
    assert shell("us-east-1", "apply", path, "--yes").code == 0
    again = json.loads(shell("us-east-1", "plan", path, "--format", "json").out)
    assert again["calls"]["ListStackSets"] == 1


@pytest.mark.slow
def test_a_stack_set_of_another_user_in_another_region_is_no_home(
    program: Program, shell: Shell
) -> None:
    assert shell("us-east-1", "apply", program.manifest(), "--yes").code == 0
    path = program.manifest(name="other", home_region="eu-west-1")

    assert shell("eu-west-1", "plan", path).code == 0


@pytest.mark.slow
def test_a_single_region_is_the_home_region(program: Program, shell: Shell) -> None:
    path = write_manifest(program.folder, {**HOMELESS, "regions": "us-east-1"})

    assert program.alone("validate", path).code == 0
    ran = shell("eu-west-1", "plan", path)
    assert ran.code == 0
    assert ", us-east-1, journal" in ran.out


def test_validate_reports_a_missing_home_region_without_calls(program: Program) -> None:
    ran = program.alone("validate", write_manifest(program.folder, HOMELESS))

    assert ran.code == 1
    assert "home_region: is missing" in ran.err


def test_a_missing_home_region_is_a_warning_in_the_sandbox(program: Program) -> None:
    ran = program("plan", write_manifest(program.folder, HOMELESS))

    assert ran.code == 0
    assert "warning: " in ran.err
    assert "Write `home_region: us-east-1`" in ran.err


@pytest.mark.slow
def test_an_older_plan_is_carried_out_in_its_own_region(program: Program, shell: Shell) -> None:
    """Saved by a version that took the Region from the shell."""
    path, saved = write_manifest(program.folder, HOMELESS), program.folder / "saved.plan"
    assert program("plan", path, "--out", saved).code == 0

    ran = shell("eu-west-1", "apply", saved)

    assert ran.code == 0, ran.err
    assert program.operations()


@pytest.mark.slow
def test_the_commands_of_the_readme_work_with_its_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = README.read_text()
    found = re.search(r"```yaml\n(version: 1\n.*?)```", text, re.DOTALL)
    assert found is not None
    (tmp_path / "baseline.yaml").write_text(found[1])
    manifest: dict[str, Any] = yaml.safe_load(found[1])
    assert manifest["home_region"]
    assert manifest["rollout"]["waves"][0]["name"] == "canary"
    commands = re.findall(r"^    orgrollout (.+?)(?: +#.*)?$", text, re.MULTILINE)
    assert {each.split()[0] for each in commands} >= {
        "validate",
        "plan",
        "apply",
        "coverage",
        "resync",
    }
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        with serve(ORGANIZATION, clock=VirtualClock()) as server:
            where = ["--sandbox", server.endpoint, "--journal", str(tmp_path / "journal")]
            for command in commands:
                first = command.split()
                more = [] if first[0] == "validate" else list(where)
                more += ["--yes"] if first[0] in {"apply", "resync"} else []
                code = main([*first, *more])
                told = capsys.readouterr()
                # VPCs that were there before have no flow logs: found, and then repaired.
                fine = {0, 3} if first[0] == "drift" else {0}
                assert code in fine, (command, told.out[-3000:], told.err[-3000:])
    finally:
        os.chdir(here)


def test_a_region_that_cannot_be_read_is_named_with_the_reason(program: Program) -> None:
    loaded = load_manifest(program.manifest())
    with environment(program.server.environment()):
        connection = connect()
        assert connection.identity.account
        program.sandbox.expire_credentials()
        names = {loaded.stack_set_name(key): key for key in loaded.templates}

        seen = stack_sets_elsewhere(loaded, names, [Region("eu-west-1")], connection)

    assert not seen.found
    assert "AWS does not accept these credentials" in seen.unread[Region("eu-west-1")]
