"""Where journals are: production and sandbox apart, whatever else is the same."""

from pathlib import Path

import pytest

from orgrollout.journal.errors import JournalNameError, JournalPlaceError
from orgrollout.journal.place import bind, journal_path, s3_place
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


def test_in_a_bucket_each_has_a_prefix_of_its_own() -> None:
    places = [
        s3_place(named, account, home, endpoint)
        for named in ("s3://acme-orgrollout/journal", "s3://acme-orgrollout", "s3://other/journal/")
        for account, home, endpoint in (
            (ADMIN, HOME, None),
            (AccountId("444455556666"), HOME, None),
            (ADMIN, Region("eu-west-1"), None),
            (ADMIN, HOME, "http://localhost:5000"),
        )
    ]
    assert len({(place.bucket, place.prefix) for place in places}) == 12
    assert places[0].url == "s3://acme-orgrollout/journal/111122223333-us-east-1"
    assert places[4].prefix == "111122223333-us-east-1/"


@pytest.mark.parametrize("named", ["s3://", "s3:///journal", "s3://A_B/journal", "https://x/y"])
def test_what_names_no_bucket_is_refused(named: str) -> None:
    with pytest.raises(JournalNameError, match="s3://BUCKET/PREFIX"):
        s3_place(named, ADMIN, HOME, None)
