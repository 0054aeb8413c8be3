"""The commands of the service: its template, its zip, and what is deployed."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from orgrollout.cli.main import main
from orgrollout.service.package import _zipped
from orgrollout.service.templates import Part, service_template
from orgrollout.service.wheels import Architecture, Target, _for_linux, _installed, pins

SMALL = """\
Parameters:
  CodeKey: {Type: String, Default: orgrollout-1.zip}
  Architecture: {Type: String, Default: arm64}
  DriftSchedule: {Type: String, Default: rate(1 day)}
  LookSchedule: {Type: String, Default: rate(1 hour)}
  ReconcileSchedule: {Type: String, Default: rate(5 minutes)}
Resources:
  Topic: {Type: "AWS::SNS::Topic"}
Outputs:
  Journal: {Value: "s3://bucket/journal"}
"""


def test_the_template_goes_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "service.yaml"
    assert main(["service", "template", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == service_template(Part.SERVICE)


def test_status_shows_what_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    with mock_aws():
        boto3.client("cloudformation").create_stack(StackName="svc", TemplateBody=SMALL)
        assert main(["service", "status", "--stack-name", "svc", "--format", "json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert main(["service", "status", "--stack-name", "svc"]) == 0
        text = capsys.readouterr().out
    assert shown["status"] == "CREATE_COMPLETE"
    assert shown["code"] == "orgrollout-1.zip"
    assert shown["schedules"]["ReconcileSchedule"] == "rate(5 minutes)"
    assert shown["outputs"] == {"Journal": "s3://bucket/journal"}
    assert "s3://bucket/journal" in text


def test_status_says_where_there_is_no_service(capsys: pytest.CaptureFixture[str]) -> None:
    with mock_aws():
        assert main(["service", "status"]) == 1
        boto3.client("cloudformation").create_stack(
            StackName="other", TemplateBody='{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
        )
        assert main(["service", "status", "--stack-name", "other"]) == 1
    said = capsys.readouterr().err
    assert "stack orgrollout in us-east-1 is no service: there is none" in " ".join(said.split())
    assert "it has no parameter Architecture" in " ".join(said.split())


def test_the_same_content_gives_the_same_bytes() -> None:
    first = _zipped({"b.py": b"2", "a.py": b"1"})
    assert first == _zipped({"a.py": b"1", "b.py": b"2"})
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert archive.namelist() == ["a.py", "b.py"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_pins_are_those_that_hold_where_the_functions_run() -> None:
    """Pip would judge conditions by the machine that it runs on."""
    kept = _for_linux(pins().read_text("utf-8"), Target(architecture=Architecture.ARM64))
    names = [line.split("==")[0] for line in kept.splitlines() if "==" in line and line[0] != " "]
    assert "colorama" not in names
    assert names.count("networkx") == 1
    assert "networkx==3.7" in kept
    assert " ;" not in kept
    assert "boto3" in names
    assert "moto" not in names
    assert kept.count("--hash=") >= len(names)


def test_only_modules_of_a_wheel_are_kept() -> None:
    assert _installed("a/b.py") == "a/b.py"
    assert _installed("a-1.data/purelib/a.py") == "a.py"
    assert _installed("a-1.data/scripts/a") is None
    assert _installed("a/") is None
