"""Every journal there is, each as a way to open it: a new one joins by a line in ``OPENERS``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import boto3
import pytest

from orgrollout.aws.s3_journal import S3Journal
from orgrollout.aws.transport.connection import connect
from orgrollout.journal.place import S3Place
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.sandbox import Sandbox
from tests.stage import new_session, organization

Open = Callable[[], Journal]
BUCKET = "acme-orgrollout"


def _sqlite(folder: Path, stack: ExitStack) -> Open:
    del stack
    return lambda: SqliteJournal(folder / "journal.sqlite")


def _s3(folder: Path, stack: ExitStack) -> Open:
    sandbox = stack.enter_context(Sandbox.start(organization()))
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    place = S3Place(bucket=BUCKET, prefix=f"{folder.name}/")

    def opened() -> Journal:
        return S3Journal(connect(session=new_session(), clock=sandbox.clock), place)

    return opened


OPENERS: dict[str, Callable[[Path, ExitStack], Open]] = {"sqlite": _sqlite, "s3": _s3}


@pytest.fixture(params=OPENERS)
def open_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens one and the same journal, again with each call."""
    with ExitStack() as stack:
        again = OPENERS[request.param](tmp_path / "journal", stack)
        yield lambda: stack.enter_context(closing(again()))


@pytest.fixture
def journal(open_journal: Open) -> Journal:
    return open_journal()
