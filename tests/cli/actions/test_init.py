"""`init`: files to start from, written once and never over anything."""

from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.manifest.lint import lint_templates
from orgrollout.manifest.load import load_manifest
from tests.cli.support import Program
from tests.stage import TOPIC


@pytest.mark.slow
def test_the_starter_manifest_is_valid_and_commented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--offline"]) == 0

    path = tmp_path / "orgrollout.yaml"
    assert "Wrote orgrollout.yaml" in capsys.readouterr().out
    assert main(["validate", str(path)]) == 0
    assert lint_templates(load_manifest(path)) == []
    assert path.read_text().count("#") > 20
    assert main(["plan", str(path), "--sandbox"]) == 0


def _written(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_init_with_credentials_writes_a_manifest_of_the_organization(
    program: Program, tmp_path: Path
) -> None:
    """A new user must not look up ids: a wrong one is refused, and a wrong Region costs money."""
    path = tmp_path / "new.yaml"

    ran = program("init", path)

    assert ran.code == 0
    caller = "arn:aws:sts::999999999999:assumed-role/Rollout/operator"
    assert f"Read organization o-a1b2c3d4e5 as {caller}: 9 active member accounts" in ran.out
    assert "No account was taken for the log archive" in ran.out
    manifest = _written(path)
    assert manifest["organization"] == "o-a1b2c3d4e5"
    assert manifest["home_region"] == "us-east-1"
    assert manifest["regions"][0] == "us-east-1"
    assert "eu-west-1" in manifest["regions"]
    assert not {"cn-north-1", "us-gov-west-1", "eu-south-1"} & set(manifest["regions"])
    text = path.read_text()
    assert "#   /Prod/Regulated   (2 with nested units)" in text
    assert "#     100000000004 r1" in text
    assert "200000000003" not in text  # suspended
    plan = program("plan", path, "--format", "json")
    assert (plan.code, plan.json["summary"]["create"] > 0) == (0, True)
    assert not program.writes()


@pytest.mark.parametrize("name", ["Log Archive", "log-archive", "LogArchive", "log_archive"])
def test_the_log_archive_is_named_and_owns_the_buckets(
    patient: Program, tmp_path: Path, name: str
) -> None:
    """AWS Control Tower calls it Log Archive, and the other one Audit."""
    accounts = patient.sandbox.organization.accounts
    accounts["300000000001"].name = name
    accounts["300000000002"].name = "Audit"
    path = tmp_path / "new.yaml"

    ran = patient("init", path)

    assert f"log_archive is 300000000001, since it is called {name}: check that." in ran.out
    manifest = _written(path)
    assert manifest["accounts"] == {"log_archive": "300000000001"}
    assert manifest["stack_sets"]["log-buckets"]["targets"] == {"accounts": ["log_archive"]}
    assert '#   audit: "300000000002"        # called Audit' in path.read_text()


def test_two_log_archives_are_candidates_and_none_is_chosen(
    patient: Program, tmp_path: Path
) -> None:
    accounts = patient.sandbox.organization.accounts
    accounts["300000000001"].name = "Log Archive"
    accounts["300000000002"].name = "log-archive"
    path = tmp_path / "new.yaml"

    patient("init", path)

    assert "accounts" not in _written(path)
    assert '#   log_archive: "300000000001"        # called Log Archive' in path.read_text()
    assert '#   log_archive: "300000000002"        # called log-archive' in path.read_text()


def test_the_name_of_an_account_stays_in_its_comment(patient: Program, tmp_path: Path) -> None:
    accounts = patient.sandbox.organization.accounts
    accounts["300000000001"].name = "x\nguards: {}\u2028guards: {}"
    path = tmp_path / "new.yaml"

    assert patient("init", path).code == 0

    assert _written(path)["guards"]["max_removed_accounts"] == 3


def test_init_without_credentials_writes_an_example_and_says_so(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path, example = tmp_path / "new.yaml", tmp_path / "example.yaml"

    ran = program.alone("init", path)

    assert ran.code == 0
    assert "The organization could not be read: no AWS credentials were found" in ran.out
    assert "nothing in it was read from AWS" in ran.out
    assert program.alone("init", example, "--offline").code == 0
    assert path.read_text() == example.read_text()
    assert (
        "Change organization (line 5) and CallerRole (line 36). Then: orgrollout valid" in ran.out
    )
    assert "CHANGE: your organization's id" in example.read_text()


def test_a_profile_that_was_named_and_cannot_be_used_is_an_error(
    program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "new.yaml"

    ran = program.alone("init", path, "--profile", "none-such")

    assert (ran.code, path.exists()) == (1, False)
    assert "none-such" in ran.err


def test_a_member_account_that_may_not_read_the_organization_gets_an_example(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")
    sts = session.client("sts", "us-east-1", endpoint_url=program.server.endpoint)
    role = "arn:aws:iam::100000000001:role/OrganizationAccountAccessRole"
    found = sts.assume_role(RoleArn=role, RoleSessionName="member")["Credentials"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", program.server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", found["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", found["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", found["SessionToken"])
    path = tmp_path / "new.yaml"

    ran = program.alone("init", path, "--journal", tmp_path / "journal")

    assert ran.code == 0
    assert "The organization could not be read: organizations:ListAccounts was denied" in ran.out
    assert "CHANGE: your organization's id" in path.read_text()


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
        (("--offline", "--from-aws"), "--offline reads nothing"),
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
def test_existing_stack_sets_are_written_with_templates_and_their_plan_is_empty(
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
def test_stack_sets_of_another_manifest_are_not_described_and_the_user_is_asked(
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


@pytest.mark.slow
def test_validate_names_the_placeholders_that_are_left(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    program.alone("init", path, "--offline")

    before = program.alone("validate", path)
    text = path.read_text().replace("o-a1b2c3d4e5", "o-mine123456")
    path.write_text(text.replace("    # CHANGE: your organization's id", ""))
    one = program.alone("validate", path, "--format", "json")
    path.write_text(text.replace("CallerRole: Rollout", "CallerRole: Deployer"))
    none = program.alone("validate", path)

    assert before.code == 0
    assert "organization: o-a1b2c3d4e5 is still the placeholder" in before.err
    assert "CallerRole: Rollout is still the placeholder" in before.err
    assert "2 warnings" in before.out
    left = [(p["field"], p["severity"]) for p in one.json["problems"]]
    assert (one.code, left) == (0, [("CallerRole", "warning")])
    assert (none.code, none.err) == (0, "")
