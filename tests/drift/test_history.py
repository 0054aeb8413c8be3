"""The history of each finding, made only from what was seen and repaired."""

from dataclasses import replace
from typing import Any

from orgrollout.drift.classify import SETTLED
from orgrollout.drift.document import read_records, records_document
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import (
    Record,
    Records,
    came_back,
    is_old_news,
    not_there,
    repaired,
    seen,
)
from tests.drift.support import HOUR, NOON, finding

LATER = NOON + HOUR


def only(records: Records) -> Record:
    (record,) = records.values()
    return record


def at(hours: int, **more: Any) -> Finding:
    """Return the same finding, looked at so many hours later."""
    return finding(looked=NOON + hours * HOUR, **more)


def test_first_and_last_seen_are_times_of_detections() -> None:
    records = seen({}, [at(0)], LATER)
    records = seen(records, [at(2, verdict=Verdict.IGNORED)], NOON + 3 * HOUR)
    records = seen(records, [at(2)], NOON + 9 * HOUR)

    record = only(records)
    assert (record.first_seen, record.last_seen) == (NOON, NOON + 2 * HOUR)
    assert record.is_open
    assert record.came_back == 0


def test_a_finding_seen_again_after_a_repair_came_back_once() -> None:
    records = seen({}, [at(0)], NOON)
    records = repaired(records, [finding().key], "or-x-1", NOON + HOUR)
    assert not only(records).is_open

    records = seen(records, [at(2)], NOON + 2 * HOUR)
    records = seen(records, [at(3)], NOON + 3 * HOUR)
    assert (only(records).came_back, only(records).is_open) == (1, True)

    records = repaired(records, [finding().key], "or-x-2", NOON + 4 * HOUR)
    records = seen(records, [at(5)], NOON + 5 * HOUR)
    assert (only(records).came_back, only(records).repaired_by) == (2, "or-x-2")


def test_a_finding_repeated_by_an_old_detection_did_not_come_back() -> None:
    """The status in CloudFormation changes only with the next detection."""
    records = repaired(seen({}, [at(0)], NOON), [finding().key], "or-x-1", LATER)

    again = seen(records, [at(0)], NOON + 2 * HOUR)

    assert only(again).came_back == 0
    assert not only(again).is_open
    assert is_old_news(records, at(0))
    assert not is_old_news(records, at(2))
    assert not is_old_news({}, at(0))


def test_a_finding_is_gone_only_where_it_was_looked_for() -> None:
    records = seen({}, [finding()], NOON)

    assert only(seen(records, [], LATER, lambda _kind, _pair: False)).gone is None
    gone = seen(records, [], LATER, lambda kind, _pair: kind is FindingKind.RESOURCE)
    assert only(gone).gone == LATER
    assert only(seen(gone, [], NOON + 5 * HOUR)).gone == LATER
    assert only(seen(gone, [at(6)], NOON + 6 * HOUR)).gone is None


def test_a_finding_back_right_after_its_repair_is_present_and_not_outdated() -> None:
    records = seen({}, [at(0)], NOON)
    key = finding().key

    once = came_back(records, [key], "or-x-1", LATER)

    assert (only(once).is_open, only(once).came_back) == (True, 1)
    assert not is_old_news(once, at(0))
    assert came_back(once, [key], "or-x-1", LATER + HOUR) == once
    later = seen(seen(once, [at(0)], LATER), [at(2)], NOON + 2 * HOUR)
    assert (only(later).is_open, only(later).came_back) == (True, 1)


def test_a_finding_with_nothing_to_repair_is_gone_until_seen_again() -> None:
    records = not_there(seen({}, [at(0)], NOON), [finding().key], LATER)

    assert (only(records).gone, only(records).repaired) == (LATER, None)
    assert is_old_news(records, at(0))
    assert seen(records, [at(0)], NOON + 2 * HOUR) == records
    assert not is_old_news(records, at(2))
    assert only(seen(records, [at(2)], NOON + 2 * HOUR)).is_open


def test_a_finding_below_a_suspect_is_not_gone_before_a_second_look() -> None:
    """The role that looked may have seen nothing of all that."""
    records = seen({}, [at(0, path="/Tags/owner")], NOON)
    suspect = at(1, path="/Tags", verdict=Verdict.SUSPECT)

    hidden = seen(records, [suspect], LATER)
    told = seen(records, [replace(suspect, reason=min(SETTLED))], LATER)

    assert all(record.is_open for record in hidden.values())
    assert [record.is_open for record in told.values()] == [False, True]


def test_only_a_seen_finding_can_be_repaired() -> None:
    assert repaired({}, [finding().key], "or-x-1", NOON) == {}


def test_a_record_survives_the_journal_and_holds_no_value_of_a_property() -> None:
    records = seen({}, [finding(expected="hunter2", actual="hunter3")], NOON)
    records = repaired(records, [finding().key], "or-x-1", LATER)

    document = records_document(records)

    assert read_records(document) == records
    assert "hunter" not in repr(document)
    assert read_records({**document, "format_version": 2}) is None
    assert read_records({"format_version": 1, "records": {"k": {"what": 1}}}) is None
