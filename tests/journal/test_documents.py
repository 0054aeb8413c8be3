"""One kind of document: read, changed under conflicts, migrated, refused where unknown."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from orgrollout.journal.documents import Documents, Format, by_adapter
from orgrollout.journal.errors import (
    JournalConflictError,
    JournalContendedError,
    JournalDocumentError,
    JournalVersionError,
)
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal


@dataclass(frozen=True)
class Count:
    number: int
    unit: str = ""


FORMAT = Format(
    current=2,
    migrations={1: lambda old: {"format_version": 2, "number": old["count"], "unit": "calls"}},
)
COUNTS = Documents(
    prefix="counts/",
    read=by_adapter(TypeAdapter(Count), FORMAT),
    dump=lambda count: {"format_version": 2, **asdict(count)},
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(SqliteJournal(tmp_path / "j.sqlite")) as made:
        yield made


def more(count: Count | None) -> Count:
    return Count((count.number if count else 0) + 1)


def test_a_change_is_made_on_top_of_what_others_write(journal: Journal) -> None:
    asked: list[Count | None] = []

    def change(count: Count | None) -> Count:
        asked.append(count)
        if len(asked) == 1:  # another process comes between reading and writing
            COUNTS.change(journal, "a", more)
        return more(count)

    assert COUNTS.change(journal, "a", change) == Count(2)
    assert asked == [None, Count(1)]
    assert list(COUNTS.names(journal)) == ["a"]


def test_a_process_that_always_loses_gives_up_where_it_may(journal: Journal) -> None:
    def change(_: Count | None) -> Count:
        COUNTS.change(journal, "a", more)
        return Count(-1)

    with pytest.raises(JournalContendedError, match="counts/a was written by other processes"):
        COUNTS.change(journal, "a", change, tries=3)
    kept = COUNTS.get(journal, "a")
    assert kept is not None
    assert kept.value == Count(3)


def test_nothing_is_written_where_nothing_changes(journal: Journal) -> None:
    COUNTS.change(journal, "a", more)
    before = journal.get("counts/a")

    COUNTS.change(journal, "a", lambda count: count)
    assert journal.get("counts/a") == before
    assert COUNTS.change(journal, "b", lambda _: None) is None
    assert journal.get("counts/b") is None
    COUNTS.change(journal, "a", lambda _: None)
    assert journal.get("counts/a") is None


def test_the_copy_of_the_process_that_came_first_stays(journal: Journal) -> None:
    version = COUNTS.offer(journal, "a", Count(1), None)
    assert version is not None
    COUNTS.change(journal, "a", more)

    assert COUNTS.offer(journal, "a", Count(9), version) is None
    assert not COUNTS.remove(journal, "a", version)
    with pytest.raises(JournalConflictError):
        COUNTS.put(journal, "a", Count(9), version)
    assert [(name, kept.value) for name, kept in COUNTS.all(journal)] == [("a", Count(2))]


def test_what_an_older_version_wrote_is_read(journal: Journal) -> None:
    journal.put("counts/a", {"format_version": 1, "count": 5}, expected=None)

    kept = COUNTS.get(journal, "a")

    assert kept is not None
    assert kept.value == Count(5, "calls")


@pytest.mark.parametrize("version", [3, 0, None, "2", True])
def test_what_a_newer_version_wrote_is_left_alone(journal: Journal, version: object) -> None:
    journal.put("counts/a", {"format_version": version, "number": 1}, expected=None)

    with pytest.raises(JournalVersionError, match="written by a newer orgrollout"):
        COUNTS.change(journal, "a", more)


@pytest.mark.parametrize(
    ("value", "said"),
    [([], "it is a list"), ({"format_version": 2, "number": "many"}, "number: ")],
)
def test_what_is_damaged_is_named(journal: Journal, value: object, said: str) -> None:
    journal.put("counts/a", value, expected=None)

    with pytest.raises(JournalDocumentError, match=f"counts/a of the journal is damaged: {said}"):
        COUNTS.get(journal, "a")
