"""Check 73: the saved queries find what they say, in both file formats."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from tests.paths import DOCS
from tests.templates.support.athena import ask
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import LOG_ARCHIVE, MEMBER
from tests.templates.test_athena import athena_of

NOW = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
KEYS = ("aws_account_id", "aws_region", "year", "month", "day", "hour")


def row(columns: list[str], at: datetime, **values: Any) -> list[Any]:
    """Return one record, in the folder of its time."""
    known: dict[str, Any] = {
        "aws_account_id": LOG_ARCHIVE,
        "aws_region": "us-east-1",
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "hour": at.hour,
        "vpc_id": "vpc-1",
        "interface_id": "eni-1",
        "end": int(at.timestamp()),
        "packets": 10,
        "bytes": 100,
        "protocol": 6,
        "dstport": 443,
        "action": "ACCEPT",
        "flow_direction": "ingress",
        "srcaddr": "10.0.0.1",
        "dstaddr": "10.0.0.2",
        "pkt_srcaddr": "10.0.0.1",
        "pkt_dstaddr": "10.0.0.2",
        **values,
    }
    return [known.get(name) for name in columns]


def found(
    templates: Templates, title: str, rows: list[tuple[datetime, dict[str, Any]]]
) -> list[tuple[Any, ...]]:
    """Return what a saved query finds, in both file formats and however accounts are given."""
    answers = []
    for file_format, ids in product(("parquet", "plain-text"), ("", f"{LOG_ARCHIVE},{MEMBER}")):
        stack = athena_of(templates, FileFormat=file_format, AccountIds=ids)
        table = stack.only("AWS::Glue::Table")["TableInput"]
        columns = [each["Name"] for each in table["StorageDescriptor"]["Columns"]]
        stored = [row([*columns, *KEYS], at, **values) for at, values in rows]
        if file_format == "plain-text":
            width = len(columns)
            stored = [
                ["-" if v is None else str(v) for v in each[:width]] + each[width:]
                for each in stored
            ]
        (query,) = [
            each["QueryString"]
            for each in stack.of_type("AWS::Athena::NamedQuery")
            if each["Name"] == f"orgrollout: {title}"
        ]
        answers.append(ask(query, [*columns, *KEYS], stored, NOW))
    assert all(each == answers[0] for each in answers), answers
    return answers[0]


LONG_AGO, YESTERDAY, TODAY = (NOW - timedelta(hours=hours) for hours in (60, 20, 3))


def test_check_73_rejects_are_counted_by_vpc(templates: Templates) -> None:
    rows: list[tuple[datetime, dict[str, Any]]] = [
        (TODAY, {"action": "REJECT", "srcaddr": "198.51.100.1"}),
        (YESTERDAY, {"action": "REJECT", "srcaddr": "198.51.100.2", "packets": 5}),
        (LONG_AGO, {"action": "REJECT", "packets": 1_000}),
        (TODAY, {"action": "REJECT", "vpc_id": "vpc-2", "packets": None}),
        (TODAY, {"action": "REJECT", "vpc_id": "vpc-2", "packets": 99}),
        (TODAY, {"vpc_id": "vpc-3"}),
    ]
    assert found(templates, "rejected traffic by VPC", rows) == [
        (LOG_ARCHIVE, "us-east-1", "vpc-2", 2, 99, 1),
        (LOG_ARCHIVE, "us-east-1", "vpc-1", 2, 15, 2),
    ]


def test_check_73_top_talkers_are_pairs_by_bytes(templates: Templates) -> None:
    rows: list[tuple[datetime, dict[str, Any]]] = [
        (TODAY, {"bytes": 10}),
        (YESTERDAY, {"bytes": 5}),
        (TODAY, {"srcaddr": "10.0.0.9", "bytes": 900}),
        (TODAY, {"srcaddr": "10.0.0.9", "bytes": 9_000, "action": "REJECT"}),
        (LONG_AGO, {"bytes": 9_000}),
    ]
    assert [each[3:] for each in found(templates, "top talkers", rows)] == [
        ("eni-1", "10.0.0.9", "10.0.0.2", 900, 1),
        ("eni-1", "10.0.0.1", "10.0.0.2", 15, 2),
    ]


def test_check_73_a_flow_inside_a_vpc_is_not_added_up_twice(templates: Templates) -> None:
    """Both of its interfaces record it, with the same addresses and bytes."""
    rows: list[tuple[datetime, dict[str, Any]]] = [
        (TODAY, {"interface_id": "eni-1", "bytes": 10, "flow_direction": "egress"}),
        (TODAY, {"interface_id": "eni-2", "bytes": 10}),
    ]
    talkers = found(templates, "top talkers", rows)
    assert sorted(each[3:] for each in talkers) == [
        ("eni-1", "10.0.0.1", "10.0.0.2", 10, 1),
        ("eni-2", "10.0.0.1", "10.0.0.2", 10, 1),
    ]


PRIVATE = [
    *("10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.1.1", "100.64.0.1"),
    *("100.127.0.1", "127.0.0.1", "fd12::1", "fe80::1", "::1", "-"),
]
PUBLIC = [
    *("198.51.100.7", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.63.0.1", "100.128.0.1"),
    "2001:db8::1",
]


def test_check_73_ssh_from_outside_is_accepted_ssh_from_public_addresses(
    templates: Templates,
) -> None:
    ssh: dict[str, Any] = {"dstport": 22, "instance_id": "i-1"}
    quiet = [
        *({**ssh, "pkt_srcaddr": address} for address in PRIVATE),
        {**ssh, "pkt_srcaddr": PUBLIC[0], "action": "REJECT"},
        {**ssh, "pkt_srcaddr": PUBLIC[0], "flow_direction": "egress"},
        {**ssh, "pkt_srcaddr": PUBLIC[0], "protocol": 17},
        {**ssh, "pkt_srcaddr": PUBLIC[0], "dstport": 2222},
    ]
    rows = [(TODAY, each) for each in quiet]
    assert found(templates, "SSH from outside", rows) == []
    rows += [(TODAY, {**ssh, "pkt_srcaddr": address}) for address in PUBLIC]
    rows += [(LONG_AGO, {**ssh, "pkt_srcaddr": "203.0.113.1"})]
    assert {each[5] for each in found(templates, "SSH from outside", rows)} == set(PUBLIC)


def test_check_73_a_gap_is_a_whole_hour_without_a_record(templates: Templates) -> None:
    """Between two records, and from the last one until now; what is on its way is no gap."""

    def heard(vpc: str, *hours_ago: int) -> list[tuple[datetime, dict[str, Any]]]:
        return [(NOW - timedelta(hours=each), {"vpc_id": vpc}) for each in hours_ago]

    rows = [
        *heard("vpc-steady", 4, 3, 2, 1, 0),
        *heard("vpc-on-its-way", 3, 2, 1),
        *heard("vpc-silent-between", 6, 5, 2, 1),
        *heard("vpc-silent-since", 9, 8),
        *heard("-", 9, 1),
    ]
    gaps = found(templates, "gaps in delivery", rows)
    assert [(each[2], each[5]) for each in gaps] == [
        ("vpc-silent-since", 7),
        ("vpc-silent-between", 2),
    ]


def test_check_73_each_query_is_asked_in_the_workgroup_with_the_limits(
    templates: Templates,
) -> None:
    stack = athena_of(templates)
    queries = stack.of_type("AWS::Athena::NamedQuery")
    assert len(queries) == 4
    for each in queries:
        assert each["WorkGroup"] == stack.outputs["WorkgroupName"]
        assert each["Database"] == stack.outputs["DatabaseName"]
        assert "FROM flow_logs" in each["QueryString"]


def test_the_page_names_the_fields_that_each_query_reads(templates: Templates) -> None:
    """A format without one of them makes the query fail, or find too little."""
    stack = athena_of(templates)
    table = stack.only("AWS::Glue::Table")["TableInput"]["StorageDescriptor"]
    columns = {each["Name"] for each in table["Columns"]}
    page = (DOCS / "archive.md").read_text("utf-8").split("| query | fields |")[1]
    for each in stack.of_type("AWS::Athena::NamedQuery"):
        title = each["Name"].removeprefix("orgrollout: ")
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {title} |")]
        named = {field.replace("-", "_") for field in re.findall(r"`([a-z-]+)`", row)}
        assert named == columns & set(re.findall(r"\b[a-z_]+\b", each["QueryString"]))
