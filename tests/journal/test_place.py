"""Where journals are: production and sandbox apart, whatever else is the same."""

from pathlib import Path

import pytest

from orgrollout.errors import JournalPlaceError
from orgrollout.journal.place import bind, journal_path
from orgrollout.journal.port import Journal
from orgrollout.model.ids import AccountId, Region

ADMIN = AccountId("111122223333")
HOME = Region("us-east-1")


def test_account_region_and_endpoint_each_have_their_own() -> None:
    base = Path("/state")
    places = {
        journal_path(base, ADMIN, HOME, None),
        journal_path(base, AccountId("444455556666"), HOME, None),
        journal_path(base, ADMIN, Region("eu-west-1"), None),
        journal_path(base, ADMIN, HOME, "http://localhost:5000"),
        journal_path(base, ADMIN, HOME, "http://localhost-5000"),
        journal_path(base, ADMIN, HOME, "sandbox"),
    }
    assert len(places) == 6
    assert all(place.is_relative_to(base) for place in places)


def test_no_endpoint_leads_out_of_the_folder() -> None:
    place = journal_path(Path("/state"), ADMIN, HOME, "http://../../etc/passwd")
    assert place.parent.parent == Path("/state")


def test_without_a_base_it_is_where_this_platform_keeps_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = journal_path(None, ADMIN, HOME, None)
    assert place.parts[-3:] == ("orgrollout", "111122223333-us-east-1", "journal.sqlite")


@pytest.mark.parametrize("name", ["mine.sqlite", "mine.sqlite3", "mine.db"])
def test_a_file_is_taken_as_it_is(name: str) -> None:
    assert journal_path(Path("/x") / name, ADMIN, HOME, None) == Path("/x") / name


def test_a_journal_keeps_to_whom_it_was_first_used_for(journal: Journal) -> None:
    """Named by hand, one file could otherwise mix a sandbox's rollouts with real ones."""
    bind(journal, ADMIN, HOME, None)
    bind(journal, ADMIN, HOME, None)

    with pytest.raises(JournalPlaceError, match=r"111122223333 in us-east-1 at AWS.*at sandbox"):
        bind(journal, ADMIN, HOME, "sandbox")
    with pytest.raises(JournalPlaceError):
        bind(journal, AccountId("444455556666"), HOME, None)
    bind(journal, ADMIN, HOME, None)
