"""Where a journal is, when nothing else is said, and whose it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from orgrollout.journal.conflicts import unless_overtaken
from orgrollout.journal.errors import JournalNameError, JournalPlaceError
from orgrollout.journal.port import Journal
from orgrollout.journal.reading import as_mapping
from orgrollout.model.ids import AccountId, Region, digest_of

FILE = "journal.sqlite"
_PLACE = "place"
_S3 = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # names of Amazon S3
_NAME_OF_FILE = re.compile(r"\.(sqlite3?|db)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """Where in which bucket a journal is."""

    bucket: str
    prefix: str  # of every object's name; ends with a slash

    @property
    def url(self) -> str:
        """Return it as people write it."""
        return f"{_S3}{self.bucket}/{self.prefix}".rstrip("/")


def s3_place(named: str, account: AccountId, region: Region, endpoint: str | None) -> S3Place:
    """Return the place for one administrator, Region and endpoint below ``s3://BUCKET/PREFIX``.

    Raises:
        JournalNameError: It names no bucket.
    """
    bucket, _, prefix = named.removeprefix(_S3).partition("/")
    if not named.startswith(_S3) or not _BUCKET.fullmatch(bucket):
        raise JournalNameError(named, "it names no bucket that could be")
    parts = [part for part in prefix.split("/") if part]
    folder = _folder(account, region, endpoint)
    return S3Place(bucket=bucket, prefix="/".join([*parts, folder, ""]))


def journal_path(
    base: Path | None, account: AccountId, region: Region, endpoint: str | None
) -> Path:
    """Return the file that keeps the rollouts of one administrator, Region and endpoint.

    ``base`` is a folder, or the file itself where it is named ``.sqlite``, ``.sqlite3`` or
    ``.db``; None is this platform's place for state. ``endpoint`` is None for AWS itself: what
    happened in a sandbox is never taken for what happened in production.
    """
    if base is not None and _NAME_OF_FILE.search(base.name):
        return base
    folder = base if base is not None else user_state_path("orgrollout")
    return folder / _folder(account, region, endpoint) / FILE


def bind(journal: Journal, account: AccountId, region: Region, endpoint: str | None) -> None:
    """Mark the journal as that of one administrator, Region and endpoint, for good.

    Where a user names a file or a bucket, nothing else keeps a sandbox from production.

    Raises:
        JournalPlaceError: It is another's.
    """
    place = {"account": account, "region": region, "endpoint": endpoint}
    unless_overtaken(lambda: journal.put(_PLACE, place, expected=None))
    found = journal.get(_PLACE)
    if found is None or found.value != place:
        there = as_mapping(_PLACE, found.value) if found else {}
        raise JournalPlaceError(_words(there), _words(place))


def _words(place: Mapping[str, Any]) -> str:
    return f"{place.get('account')} in {place.get('region')} at {place.get('endpoint') or 'AWS'}"


def _folder(account: AccountId, region: Region, endpoint: str | None) -> str:
    if endpoint is None:
        return f"{account}-{region}"
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", endpoint.partition("://")[2] or endpoint)[:40]
    return f"{account}-{region}-{readable.strip('-.')}-{digest_of(endpoint)[:8]}"
