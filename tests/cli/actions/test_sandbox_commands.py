"""`sandbox start | stop | init`: an organization that goes on in the background."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.sandbox import Sandbox, load_organization
from tests.cli.support import write_manifest
from tests.stage import BASE, organization

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "organization.yaml"
    path.write_text(yaml.safe_dump(organization()))
    return path


@pytest.fixture
def started(file: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    assert main(["sandbox", "start", str(file), "--speed", "2000"]) == 0
    yield capsys.readouterr().out
    main(["sandbox", "stop"])


@pytest.mark.usefixtures("started")
def test_applied_stacks_are_there_for_the_next_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = str(write_manifest(tmp_path, BASE))

    assert main(["apply", manifest, "--sandbox", "--yes"]) == 0
    capsys.readouterr()
    assert main(["plan", manifest, "--sandbox", "--format", "json"]) == 0

    assert json.loads(capsys.readouterr().out)["summary"]["unchanged"] == 14


def test_the_sandbox_prints_its_endpoint_and_listens_on_localhost_alone(started: str) -> None:
    exports = dict(
        line.removeprefix("export ").split("=", 1)
        for line in started.splitlines()
        if line.startswith("export ")
    )

    assert exports["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    client = boto3.client(
        "sts",
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
    )
    assert client.get_caller_identity()["Account"] == "999999999999"


@pytest.mark.usefixtures("started")
def test_a_second_sandbox_is_refused_and_stopping_twice_is_fine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sandbox", "start"]) == 1
    told = capsys.readouterr().err
    assert re.search(
        r"a sandbox runs already, at http://127\.0\.0\.1:\d+; nothing was started", told
    )
    assert "`orgrollout sandbox stop` ends it" in told

    assert main(["sandbox", "stop"]) == 0
    assert main(["sandbox", "stop"]) == 0
    assert capsys.readouterr().out.splitlines() == ["Stopped.", "No sandbox was running."]


def test_a_sandbox_behaves_as_a_file_of_confirm_says(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    behaviour, again = tmp_path / "behaviour.yaml", tmp_path / "again.yaml"
    behaviour.write_text("version: 1\nbehaviour: {omitted_parameters: default}\n")
    start = ["sandbox", "start", str(file), "--speed", "2000", "--behaviour", str(behaviour)]
    try:
        assert main(start) == 0
        only = ("--only", "omitted_parameters", "--out", str(again))
        assert main(["confirm", "--account", "200000000001", *only, "--yes", "--sandbox"]) == 3
    finally:
        main(["sandbox", "stop"])

    assert yaml.safe_load(again.read_text()) == yaml.safe_load(behaviour.read_text())
    behaviour.write_text("nothing")
    assert main(start) == 1
    assert "is no file of `orgrollout confirm`" in capsys.readouterr().err


def test_a_wrong_organization_file_is_reported_and_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("organization: 5\n")

    assert main(["sandbox", "start", str(bad)]) == 1

    told = capsys.readouterr().err
    assert "the sandbox did not start" in told
    assert "Traceback" not in told


def test_sandbox_init_writes_a_file_that_starts_and_overwrites_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.yaml"

    assert main(["sandbox", "init", "--out", str(out)]) == 0
    assert load_organization(out).organization.id == "o-a1b2c3d4e5"

    out.write_text("mine")
    assert main(["sandbox", "init", "--out", str(out)]) == 2
    assert out.read_text() == "mine"
    assert "was left alone" in capsys.readouterr().err


@pytest.mark.parametrize("anonymize", [False, True])
def test_sandbox_init_from_aws_has_the_shape_of_the_callers_organization(
    file: Path, capsys: pytest.CaptureFixture[str], anonymize: bool
) -> None:
    """People rehearse their own organization; --anonymize hides whose it is."""
    hidden = ["--anonymize"] if anonymize else []
    with Sandbox.start(file) as sandbox:
        assert main(["sandbox", "init", "--from-aws", *hidden]) == 0
        assert not [call for call in sandbox.calls if call.is_write]

    text = capsys.readouterr().out
    made = load_organization(yaml.safe_load(text)).organization
    assert len(made.accounts) == 11
    assert ("100000000001" in text) is not anonymize
    assert ("Regulated" in text) is not anonymize
