"""The format of records: what was written is read, and damage is named with its line."""

from pathlib import Path

import pytest

from orgrollout.exchange_record import (
    Answer,
    DamagedRecordError,
    Header,
    Line,
    Request,
    Text,
    read_record,
    written,
)

HEADER = Header(version="1.0", home_region="us-east-1", started="2026-01-05T08:00:00+00:00")
LINES: tuple[Line, ...] = (
    HEADER,
    Text(name="template1", body="Resources: {}"),
    Request(
        number=1,
        at=0.5,
        caller="caller1",
        service="sts",
        operation="GetCallerIdentity",
        region="us-east-1",
        parameters={},
    ),
    Answer(number=1, at=0.6, status=200, result={}),
    Answer(number=2, at=1.0, status=400, error="ValidationError"),
    Answer(number=3, at=1.5, broken="ReadTimeoutError"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


def test_what_was_written_is_read(file: Path) -> None:
    file.write_bytes(b"".join(map(written, LINES)))

    assert tuple(read_record(file)) == LINES


def test_a_last_line_that_was_cut_is_left_out(file: Path) -> None:
    whole = b"".join(map(written, LINES))
    for length in range(len(written(HEADER)), len(whole)):
        file.write_bytes(whole[:length])

        assert tuple(read_record(file)) == LINES[: whole[:length].count(b"\n")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not a line of JSON"),
        (b"[1]", "not a JSON object"),
        (b"{}", "it has none of record, text, request and answer"),
        (b'{"answer": "1", "at": 0, "status": 200}', "answer is missing, or of another kind"),
        (b'{"answer": true, "at": 0, "status": 200}', "answer is missing, or of another kind"),
        (b'{"request": 1, "at": 0}', "as is missing, or of another kind"),
        (b'{"text": "t"}', "body is missing"),
        *(
            (
                b'{"request": 7, "at": %s, "as": "a", "service": "sts", "operation": "X",'
                b' "region": "r", "parameters": {}}' % at,
                "damaged record, request 7: at is no number of seconds",
            )
            for at in (b"1e300", b"1e999", b"-1")
        ),
        (b'{"answer": 7, "at": -0.5, "status": 200}', "damaged record, request 7: at is no"),
        (b'{"answer": 7, "at": NaN, "status": 200}', "not a line of JSON"),
        (written(HEADER).strip(), "a record begins with the line that says what it is"),
    ],
)
def test_a_damaged_line_is_named(file: Path, line: bytes, said: str) -> None:
    file.write_bytes(written(HEADER) + line + b"\n")

    with pytest.raises(DamagedRecordError, match=rf"record\.jsonl:2: {said}"):
        tuple(read_record(file))


def test_a_line_without_an_end_is_not_read_to_its_end(file: Path) -> None:
    with file.open("wb") as out:
        out.write(written(HEADER))
        out.truncate(32 << 20)

    with pytest.raises(DamagedRecordError, match=r"record\.jsonl:2: longer than 16,777,216 bytes"):
        tuple(read_record(file))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (written(LINES[1]), "jsonl:1: a record begins with"),
        (b'{"record": "orgrollout", "format": 2}\n', "jsonl:1: not a record of format 1"),
    ],
)
def test_what_is_no_record_is_refused(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)

    with pytest.raises(DamagedRecordError, match=said):
        tuple(read_record(file))
