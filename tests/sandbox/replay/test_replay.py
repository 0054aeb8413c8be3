"""A record of the sandbox replays without a difference, and what was changed in one is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import AccountId, Region
from orgrollout.sandbox import Sandbox, SandboxError
from orgrollout.sandbox.replay.record import load_record
from orgrollout.sandbox.replay.replay import Report, replay
from tests.aws.recording.support import PUBLIC, deploy, recorded
from tests.stage import PROD, organization

Lines = list[dict[str, Any]]


def replayed(file: Path) -> Report:
    return replay(load_record(file))


def told(report: Report) -> list[tuple[int, str, str]]:
    """Return each difference: the request, its kind and its place."""
    return [
        (each.exchange.request.number, each.difference.kind.value, each.difference.place)
        for each in report.found
    ]


def test_a_whole_rollout_replays_without_a_difference(rollout: Path) -> None:
    report = replayed(rollout)

    assert told(report) == []
    assert report.compared == report.requests > 50
    assert report.roles == []
    assert report.accounts == 11


def answer_to(lines: Lines, operation: str, last: bool = True) -> dict[str, Any]:
    """Return the answer to the last request of an operation that was answered well."""
    numbers = [line["request"] for line in lines if line.get("operation") == operation]
    answers = {line["answer"]: line for line in lines if "answer" in line}
    return answers[numbers[-1 if last else 0]]


def _status(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "ListStackSetOperationResults")
    answer["result"]["Summaries"][0]["Status"] = "FAILED"
    return answer["answer"], "value", "Summaries[0].Status"


def _member(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "DescribeStackSetOperation")
    del answer["result"]["StackSetOperation"]["EndTimestamp"]
    return answer["answer"], "members", "StackSetOperation.EndTimestamp"


def _type(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "DescribeOrganization")
    answer["result"]["Organization"]["Id"] = 7
    return answer["answer"], "type", "Organization.Id"


def _order(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "ListStackInstances")
    answer["result"]["Summaries"].reverse()
    return answer["answer"], "order", "Summaries"


def _item(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "ListStackSetOperations")
    answer["result"]["Summaries"].pop()
    return answer["answer"], "items", "Summaries"


def _code(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "CreateStackInstances")
    del answer["result"]
    answer.update(status=400, error="ValidationError")
    return answer["answer"], "code", ""


def _account(lines: Lines) -> tuple[int, str, str]:
    answer = answer_to(lines, "GetCallerIdentity", last=False)
    answer["result"]["Arn"] = 7
    return answer["answer"], "type", "Arn"


CHANGES: list[Callable[[Lines], tuple[int, str, str]]] = [
    *(_status, _member, _order, _item, _code, _account)
]


def test_every_changed_answer_is_found(rollout: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in rollout.read_text().splitlines()]
    expected = [change(lines) for change in CHANGES]
    file = tmp_path / "changed.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    assert sorted(told(replayed(file))) == sorted(expected)


def test_a_record_that_was_cut_replays_as_far_as_it_goes(rollout: Path, tmp_path: Path) -> None:
    content = rollout.read_bytes()
    lines = content.splitlines(keepends=True)
    file = tmp_path / "cut.jsonl"
    file.write_bytes(b"".join(lines[:40])[:-3])

    report = replayed(file)

    assert told(report) == []
    assert 0 < report.compared <= report.requests < 40


def test_pages_roles_and_member_accounts_are_followed(tmp_path: Path) -> None:
    """Tokens, credentials and ids that the sandbox makes are others than in the record."""
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox, recorded(sandbox, file) as (connection, _):
        pages = {"MaxResults": 3}
        names = [
            a["Name"] for a in connection.pages("organizations", "ListAccounts", pages, "Accounts")
        ]
        deploy(connection, "topics", PUBLIC)
        sandbox.run_to_end()
        there = connection.in_account(
            AccountId(PROD[0]),
            "OrganizationAccountAccessRole",
            Region("us-east-1"),
            read_only=False,
        )
        stack = there.call("cloudformation", "DescribeStacks")["Stacks"][0]
        there.call("cloudformation", "DescribeStacks", {"StackName": stack["StackId"]})
        there.call("cloudformation", "DescribeStackResources", {"StackName": stack["StackName"]})

    report = replayed(file)

    assert len(names) == 11
    assert told(report) == []
    assert report.compared == report.requests


def test_a_role_that_was_there_before_is_taken_for_granted(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox, recorded(sandbox, file) as (connection, _):
        sandbox.give_role("acme-reader", external_id="acme")
        there = connection.in_account(
            AccountId(PROD[1]), "acme-reader", Region("eu-west-1"), external_id="acme"
        )
        there.call("config", "DescribeConfigurationRecorders")

    report = replayed(file)

    assert told(report) == []
    assert report.roles == ["w4-w5"]


def test_a_call_that_aws_refused_for_its_rate_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox, recorded(sandbox, file) as (connection, _):
        sandbox.throttle("ListRoots", times=2, service="organizations")
        connection.call("organizations", "ListRoots")

    report = replayed(file)

    assert told(report) == []
    assert (report.requests, report.compared) == (3, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "record.jsonl: it is empty"),
        (b'{"record": "orgrollout"', "its first line was cut off"),
        (b"[]\n", "record.jsonl:1: not a JSON object"),
        (
            b'{"record":"orgrollout","format":1,"version":"1","home_region":"x","started":"then"}\n',
            "record.jsonl:1: started is no moment",
        ),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "record.jsonl"
    file.write_bytes(content)

    with pytest.raises(SandboxError, match=said):
        load_record(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"none\.jsonl cannot be read: No such file"):
        load_record(tmp_path / "none.jsonl")
