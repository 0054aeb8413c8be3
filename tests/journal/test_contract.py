"""What every journal promises. Rollouts are resumed, and kept from running twice, by this alone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgrollout.journal.errors import JournalConflictError, JournalCorruptError
from orgrollout.journal.port import Entry, Journal, Version, get_artifact, put_artifact
from orgrollout.model.ids import Digest
from tests.journal.conftest import Open

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_what_was_put_is_got_by_another_process_too(open_journal: Open) -> None:
    version = open_journal().put("rollouts/one", {"wave": 1}, expected=None)

    found = open_journal().get("rollouts/one")

    assert found is not None
    assert (found.key, found.version, found.value) == ("rollouts/one", version, {"wave": 1})


def test_what_was_never_put_is_none(journal: Journal) -> None:
    assert journal.get("rollouts/none") is None


def test_each_put_makes_another_version(journal: Journal) -> None:
    first = journal.put("k", 1, expected=None)
    second = journal.put("k", 1, expected=first)
    third = journal.put("k", 2, expected=second)

    assert len({first, second, third}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("stale", [None, Version("1"), Version("never")])
def test_a_stale_version_writes_nothing(journal: Journal, stale: Version | None) -> None:
    """Two drivers must not both believe that their next step was committed."""
    first = journal.put("k", "first", expected=None)
    second = journal.put("k", "second", expected=first)

    with pytest.raises(JournalConflictError, match="k was written by another process"):
        journal.put("k", "lost", expected=first if stale == "1" else stale)

    found = journal.get("k")
    assert found is not None
    assert (found.value, found.version) == ("second", second)


def test_a_document_that_does_not_exist_cannot_be_replaced(journal: Journal) -> None:
    with pytest.raises(JournalConflictError):
        journal.put("k", 1, expected=Version("1"))
    assert journal.get("k") is None


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=JSON)
def test_whatever_json_holds_comes_back_equal(journal: Journal, value: Any) -> None:
    before = journal.get("k")
    journal.put("k", value, expected=before.version if before else None)

    after = journal.get("k")
    assert after is not None
    assert after.value == value


def test_what_json_cannot_hold_is_refused_and_nothing_is_written(journal: Journal) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.put("k", float("nan"), expected=None)
    with pytest.raises(TypeError):
        journal.append("s", {1, 2})
    assert journal.get("k") is None
    assert list(journal.read("s")) == []


def test_keys_are_found_by_prefix_in_order(journal: Journal) -> None:
    for key in ("rollouts/b", "rollouts/a", "rollouts_x", "claims/%", "Rollouts/c"):
        journal.put(key, 0, expected=None)

    assert journal.keys("rollouts/") == ("rollouts/a", "rollouts/b")
    assert journal.keys("claims/%") == ("claims/%",)
    assert len(journal.keys()) == 5


def test_versions_are_those_that_a_read_would_tell(journal: Journal) -> None:
    for key in ("rollouts/b", "rollouts/a", "rollouts_x"):
        journal.put(key, 0, expected=None)
    before = journal.versions("rollouts/")
    journal.put("rollouts/b", 1, expected=before["rollouts/b"])

    after = journal.versions("rollouts/")

    assert list(after) == ["rollouts/a", "rollouts/b"]
    assert after["rollouts/a"] == before["rollouts/a"]
    assert after["rollouts/b"] != before["rollouts/b"]
    for key, version in after.items():
        found = journal.get(key)
        assert found is not None
        assert found.version == version


def test_a_document_that_is_put_again_after_it_was_deleted_has_another_version(
    journal: Journal,
) -> None:
    first = journal.put("k", 1, expected=None)
    journal.delete("k", expected=first)

    assert journal.put("k", 1, expected=None) != first


@pytest.mark.slow
def test_a_stream_is_read_in_order_from_anywhere(journal: Journal) -> None:
    positions = [journal.append("events", n) for n in range(520)]
    journal.append("others", "x")

    assert positions == list(range(1, 521))
    assert [entry.value for entry in journal.read("events")] == list(range(520))
    assert list(journal.read("events", after=518)) == [
        Entry(position=519, value=518),
        Entry(position=520, value=519),
    ]
    assert list(journal.read("nothing")) == []


def test_a_stream_may_grow_while_it_is_read(journal: Journal) -> None:
    journal.append("events", 0)
    seen = []
    for entry in journal.read("events"):
        seen.append(entry.value)
        journal.append("events", "later")
    assert seen == [0]


def test_of_many_who_write_at_once_one_wins(open_journal: Open) -> None:
    journals = [open_journal() for _ in range(4)]
    start = journals[0].put("k", 0, expected=None)

    def attempt(n: int) -> bool:
        try:
            journals[n % 4].put("k", n, expected=start)
        except JournalConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


@pytest.mark.slow
def test_no_entry_is_lost_when_many_append_at_once(open_journal: Open) -> None:
    journals = [open_journal() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(lambda n: journals[n % 4].append("s", n), range(80)))

    assert sorted(positions) == list(range(1, 81))
    assert sorted(entry.value for entry in journals[0].read("s")) == list(range(80))


def test_an_artifact_is_kept_once_under_its_digest(journal: Journal) -> None:
    digest = put_artifact(journal, "Resources: {}\n")

    assert put_artifact(journal, "Resources: {}\n") == digest
    assert get_artifact(journal, digest) == "Resources: {}\n"
    assert journal.keys("artifacts/") == (f"artifacts/{digest}",)


def test_a_missing_or_changed_artifact_is_an_error(journal: Journal) -> None:
    """A template that is not the planned one must never be deployed."""
    with pytest.raises(JournalCorruptError, match="missing"):
        get_artifact(journal, Digest("0" * 16))

    digest = put_artifact(journal, "planned")
    found = journal.get(f"artifacts/{digest}")
    assert found is not None
    journal.put(f"artifacts/{digest}", "other", expected=found.version)

    with pytest.raises(JournalCorruptError, match="not what its digest says"):
        get_artifact(journal, digest)
    with pytest.raises(JournalCorruptError, match="not what its digest says"):
        put_artifact(journal, "planned")


def test_what_is_deleted_is_gone_and_can_be_put_again(journal: Journal) -> None:
    version = journal.put("k", 1, expected=None)

    journal.delete("k", expected=version)
    journal.delete("k", expected=version)

    assert (journal.get("k"), journal.keys()) == (None, ())
    journal.put("k", 2, expected=None)
    with pytest.raises(JournalConflictError):
        journal.delete("k", expected=Version("stale"))
    assert journal.keys() == ("k",)


def test_streams_are_listed_and_dropped_as_a_whole(journal: Journal) -> None:
    for stream in ("history/a", "history/a/b", "history/c%", "other"):
        journal.append(stream, stream)
    assert journal.streams("history/") == ("history/a", "history/a/b", "history/c%")

    journal.drop("history/a")

    assert journal.streams() == ("history/a/b", "history/c%", "other")
    assert [e.value for e in journal.read("history/a/b")] == ["history/a/b"]
    assert journal.append("history/a", "again") == 1
