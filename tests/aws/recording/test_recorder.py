"""What a record has: every request with its answer, whole lines, and no secret."""

import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.aws.recording.recorder import Recorder
from orgrollout.aws.transport.connection import connect
from orgrollout.errors import AccessDeniedError, AwsError, ReadOnlyError, UnreachableError
from orgrollout.exchange_record import Header, Request, Text, read_record
from orgrollout.model.ids import AccountId, Region
from orgrollout.sandbox import Sandbox
from tests.aws.conftest import Serve
from tests.aws.recording.support import PUBLIC, deploy, exchanges, recorded
from tests.aws.wire import FakeClock, ok, refused
from tests.stage import PROD, organization

ROLE = "OrganizationAccountAccessRole"
SECRET_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: for acme, with hunter2
Parameters:
  ApiKey: {Type: String, NoEcho: true, Default: hunter2}
  AcmeDays: {Type: Number, Default: 30}
Resources:
  AcmeTopic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: hunter2}
Outputs:
  AcmeName: {Value: hunter2}
"""
WITH_EXTERNAL_ID = """\
Parameters:
  ExternalId: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(organization()) as sandbox:
        yield sandbox


def test_every_request_is_there_with_its_answer(sandbox: Sandbox, file: Path) -> None:
    with recorded(sandbox, file) as (connection, _):
        deploy(connection, "topics", PUBLIC)
        with pytest.raises(AwsError):
            connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "none"})

    found = exchanges(file)
    assert [asked.operation for asked, _ in found] == [c.operation for c in sandbox.calls]
    assert [answer.status for _, answer in found] == [200, 200, 200, 404]
    assert found[-1][1].error == "StackSetNotFoundException"
    assert {asked.region for asked, _ in found} == {"us-east-1", "aws-global"}
    header = next(read_record(file))
    assert isinstance(header, Header)
    assert header.started == "2026-01-05T08:00:00+00:00"


def test_time_is_that_of_the_command(sandbox: Sandbox, file: Path) -> None:
    with recorded(sandbox, file) as (connection, _):
        connection.call("sts", "GetCallerIdentity")
        sandbox.clock.sleep(timedelta(seconds=90))
        connection.call("organizations", "ListRoots")

    assert [asked.at for asked, _ in exchanges(file)] == [0.0, 90.0]


def test_only_its_owner_may_read_it(sandbox: Sandbox, file: Path) -> None:
    before = os.umask(0)
    try:
        with recorded(sandbox, file) as (connection, _):
            connection.call("organizations", "ListRoots")
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    file.write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for name in ("record.jsonl", "link"):
        with pytest.raises(FileExistsError):
            Recorder(tmp_path / name, templates=[], warn=print)

    assert file.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_command_that_sends_nothing_leaves_no_file(sandbox: Sandbox, file: Path) -> None:
    with recorded(sandbox, file) as (connection, _):
        assert file.exists()
        with pytest.raises(ReadOnlyError):
            connection.planning().call(
                "cloudformation", "DeleteStackSet", {"StackSetName": "topics"}
            )

    assert not file.exists()


def test_whole_lines_are_there_at_each_moment(sandbox: Sandbox, file: Path) -> None:
    """A process that is killed loses no line that it had begun."""
    with recorded(sandbox, file) as (connection, _):
        for number in range(1, 4):
            connection.call("organizations", "ListRoots")
            content = file.read_bytes()
            assert content.endswith(b"\n")
            assert content.count(b"\n") == 1 + 2 * number


def test_a_request_without_an_answer_is_there(sandbox: Sandbox, file: Path) -> None:
    """What was under way tells most about a process that was killed."""

    class Killed(BaseException):
        pass

    def kill(**_: Any) -> None:
        raise Killed

    with recorded(sandbox, file) as (connection, _):
        client = connection._clients.get("organizations", read_only=False)
        client.meta.events.register_first("before-send.*.*", kill)
        client.meta.events.unregister("before-send.*.*", kill)
        client.meta.events.register("before-parse.*.*", kill)
        with pytest.raises(Killed):
            connection.call("organizations", "ListRoots")

    last = tuple(read_record(file))[-1]
    assert isinstance(last, Request)
    assert last.operation == "ListRoots"


def test_each_attempt_is_a_request(serve: Serve, clock: FakeClock, file: Path) -> None:
    serve(
        refused("Throttling", "Rate exceeded"),
        ok("GetCallerIdentity", "<Account>111122223333</Account>"),
        ok(
            "GetCallerIdentity",
            "<Arn>arn:aws:iam::111122223333:user/mia</Arn><UserId>A</UserId>"
            "<Account>111122223333</Account>",
        ),
    )
    recorder = Recorder(file, templates=[], warn=print)

    connect(clock=clock, jitter=lambda pause: pause, recorder=recorder).call(
        "sts", "GetCallerIdentity"
    )

    recorder.close()
    assert [answer.error or answer.status for _, answer in exchanges(file)] == [
        "Throttling",
        200,
        200,
    ]


def test_an_answer_that_did_not_come_is_told(clock: FakeClock, file: Path) -> None:
    recorder = Recorder(file, templates=[], warn=print)
    connection = connect(clock=clock, recorder=recorder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with pytest.raises(UnreachableError):
            connection.call("sts", "GetCallerIdentity")

    recorder.close()
    assert {answer.broken for _, answer in exchanges(file)} == {"EndpointConnectionError"}


def test_credentials_of_a_role_are_not_there(sandbox: Sandbox, file: Path) -> None:
    """They would open an account to the reader for an hour."""
    given: list[dict[str, str]] = []
    with recorded(sandbox, file) as (connection, _):
        client = connection._clients.get("sts", read_only=False)
        client.meta.events.register(
            "after-call.*.AssumeRole", lambda parsed, **_: given.append(parsed["Credentials"])
        )
        there = connection.in_account(
            AccountId(PROD[0]), ROLE, Region("us-east-1"), external_id="hunter2"
        )
        there.call("config", "DescribeConfigurationRecorders")

    text = file.read_text()
    assert given
    for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        assert given[0][name] not in text
    assert "hunter2" not in text
    (_, assumed), (inside, _) = exchanges(file)[-2:]
    assert assumed.result is not None
    assert assumed.result["Credentials"]["SessionToken"] == {"$secret": True}
    assert inside.caller == assumed.result["Credentials"]["AccessKeyId"]


def test_an_external_id_of_words_that_stay_is_not_there(sandbox: Sandbox, file: Path) -> None:
    """Numbers up to seven digits and words of AWS are left as they are in any other text."""
    id_ = "config-4711-stacksets"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": id_}},
            }
        ],
    }
    with recorded(sandbox, file) as (connection, _):
        connection.in_account(AccountId(PROD[0]), ROLE, Region("us-east-1"), external_id=id_)
        trust = {"RoleName": "topics", "AssumeRolePolicyDocument": json.dumps(policy)}
        connection.call("iam", "CreateRole", trust)
        connection.call("iam", "GetRole", {"RoleName": "topics"})
        code = {"SerialNumber": "arn:aws:iam::111122223333:mfa/mia", "TokenCode": "471147"}
        connection.call("sts", "GetSessionToken", code)
        given = [{"ParameterKey": "ExternalId", "ParameterValue": id_}]
        deploy(connection, "topics", WITH_EXTERNAL_ID, Parameters=given)

    assert id_ in json.dumps(policy)
    assert [each for each in ("4711", "471147") if each in file.read_text()] == []


def test_of_a_template_that_is_not_public_a_stand_in_is_there(sandbox: Sandbox, file: Path) -> None:
    days = [{"ParameterKey": "AcmeDays", "ParameterValue": "7"}]
    secret = [{"ParameterKey": "ApiKey", "ParameterValue": "4711"}]
    with recorded(sandbox, file) as (connection, _):
        deploy(connection, "topics", SECRET_TEMPLATE, Parameters=[*days, *secret])
        connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "topics"})

    text = file.read_text()
    assert not {each for each in ("hunter2", "4711", "acme", "Acme") if each in text}
    (kept,) = [line for line in read_record(file) if isinstance(line, Text)]
    stand_in = json.loads(kept.body)
    assert [each["Type"] for each in stand_in["Parameters"].values()] == ["String", "Number"]
    assert stand_in["Parameters"]["w2"] == {"Type": "String", "NoEcho": True, "Default": "secret"}
    assert {each["Type"] for each in stand_in["Resources"].values()} == {
        "AWS::CloudFormation::WaitConditionHandle"
    }
    created = next(asked for asked, _ in exchanges(file) if asked.operation == "CreateStackSet")
    assert created.parameters["TemplateBody"] == {"$text": kept.name}
    assert created.parameters["Parameters"][1]["ParameterValue"] == {"$secret": True}


@pytest.mark.parametrize("body", ["{", "[]", "Resources: x", "a: &a [*a]", "hunter2"])
def test_a_template_that_cannot_be_read_leaves_nothing_of_it(
    sandbox: Sandbox, file: Path, body: str
) -> None:
    with recorded(sandbox, file) as (connection, _), pytest.raises(AwsError):
        deploy(connection, "topics", body)

    (kept,) = [line for line in read_record(file) if isinstance(line, Text)]
    assert "hunter2" not in file.read_text()
    assert list(json.loads(kept.body)) == ["Resources"]


def test_a_template_that_comes_along_is_there_as_it_is(sandbox: Sandbox, file: Path) -> None:
    with recorded(sandbox, file) as (connection, _):
        deploy(connection, "topics", PUBLIC)
        deploy(connection, "others", PUBLIC)

    assert [line.body for line in read_record(file) if isinstance(line, Text)] == [PUBLIC]


def test_the_content_of_objects_is_not_there(sandbox: Sandbox, file: Path) -> None:
    """The journal in a bucket has plans, with names."""
    with recorded(sandbox, file) as (connection, _):
        connection.call("s3", "CreateBucket", {"Bucket": "acme-journal"})
        where = {"Bucket": "acme-journal", "Key": "rollouts/acme.json"}
        connection.call("s3", "PutObject", {**where, "Body": b"of acme"})
        assert connection.call("s3", "GetObject", where)["Body"].read() == b"of acme"

    assert "acme" not in file.read_text()
    assert exchanges(file)[1][0].parameters["Body"] == {"$bytes": 7}


def test_threads_record_whole_exchanges(sandbox: Sandbox, file: Path) -> None:
    with recorded(sandbox, file) as (connection, _):
        connection.call("organizations", "ListRoots")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: connection.call("organizations", "ListRoots"), range(40)))

    assert [asked.number for asked, _ in exchanges(file)] == list(range(1, 42))


def test_a_disk_that_is_full_ends_the_record_and_not_the_command(
    sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with recorded(sandbox, file, told) as (connection, _):
        connection.call("organizations", "ListRoots")
        full = OSError(28, "No space left on device")
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(full))
        for _ in range(3):
            assert connection.call("organizations", "ListRoots")["Roots"]

    assert told == [
        f"warning: the record {file} ends here: No space left on device. The command goes on."
    ]
    assert len(exchanges(file)) == 1


def test_a_caller_that_is_refused_is_told_by_the_code_alone(sandbox: Sandbox, file: Path) -> None:
    with recorded(sandbox, file) as (connection, _), pytest.raises(AccessDeniedError):
        connection.in_account(AccountId(PROD[0]), "acme-role", Region("us-east-1"))

    assert exchanges(file)[-1][1].error == "AccessDenied"
    assert "acme" not in file.read_text()
