"""Opening a journal: the one that was named, or this machine's."""

from pathlib import Path

from orgrollout.aws.s3_journal import S3Journal
from orgrollout.aws.transport.connection import Connection
from orgrollout.journal.place import bind, journal_path, s3_place
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal


def open_journal(named: str | None, connection: Connection) -> tuple[Journal, str]:
    """Return the journal of the caller's account, home Region and endpoint, and where it is.

    ``named`` is a folder, a file, ``s3://BUCKET/PREFIX``, or None for this machine's own. One that
    is another's is refused, so that what happened in a sandbox is never taken for production.

    Raises:
        JournalError: It cannot be used.
        AwsError: The caller, or the bucket, could not be asked.
    """
    owner = connection.identity.account, connection.home_region, connection.endpoint
    opened: Journal
    if named is not None and "://" in named:
        place = s3_place(named, *owner)
        opened, where = S3Journal(connection.for_journal(), place), place.url
    else:
        path = journal_path(None if named is None else Path(named), *owner)
        opened, where = SqliteJournal(path), str(path)
    try:
        bind(opened, *owner)
    except BaseException:
        opened.close()
        raise
    return opened, where
