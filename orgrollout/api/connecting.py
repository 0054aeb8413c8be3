"""How a client comes about: the connection to AWS, in the home Region, and the journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orgrollout.api.place import Progress
from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.aws.transport.waiting import Waits
from orgrollout.errors import ManifestError, MissingRegionError
from orgrollout.journal.names import named_journal
from orgrollout.journal.port import Journal
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.reconcile.context import call_bounds
from orgrollout.reconcile.open_journal import open_journal
from orgrollout.reconcile.reading.home_region import proposed_home, some_home

if TYPE_CHECKING:
    from orgrollout.aws.recording.recorder import Recorder
    from orgrollout.aws.transport.connection import AwsSession


def connection_for(
    loaded: LoadedManifest | None,
    *,
    profile: str | None,
    region: str | None,
    session: "AwsSession | None",
    clock: Clock | None,
    limits: RateLimits | None,
    waits: Waits | None,
    on_skew: Callable[[timedelta], None] | None,
    recorder: "Recorder | None",
    read_only: bool,
    simulated: bool,
    progress: Progress,
) -> Connection:
    """Return the way to AWS, in the home Region.

    Raises:
        ManifestError: The manifest does not say which that is, and nothing is simulated.
    """
    home = loaded.home_region if loaded else None
    try:
        connection = connect(
            profile=profile,
            region=region or home,
            session=session,
            clock=clock,
            limits=limits,
            bounds=call_bounds(loaded),
            read_only=read_only,
            waits=waits,
            on_skew=on_skew,
            recorder=recorder,
        )
    except MissingRegionError as error:
        if loaded is None:
            raise
        raise ManifestError([loaded.home_is_missing(*some_home(loaded))]) from error
    if loaded is None or home is not None:
        return connection
    if not simulated:
        proposed = proposed_home(loaded, connection.planning())
        raise ManifestError([loaded.home_is_missing(*proposed)])
    missing = loaded.home_is_missing(connection.home_region, "the simulated organization's")
    progress(f"warning: {missing} AWS itself is not asked without it.")
    return connection


@contextmanager
def journal_for(
    loaded: LoadedManifest | None, chosen: str | Path | Journal | None, connection: Connection
) -> Iterator[tuple[Journal, str]]:
    """Give the journal that is chosen, else the manifest's, else this machine's, and its place.

    One that is chosen open stays open, and has no place.
    """
    if chosen is not None and not isinstance(chosen, str | Path):
        yield chosen, ""
        return
    named = str(chosen) if chosen is not None else named_journal(loaded)
    opened, where = open_journal(named, connection)
    try:
        yield opened, where
    finally:
        opened.close()
