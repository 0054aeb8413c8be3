"""boto3 sessions that speak for an account and Region, and one as the default for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3

from tests.templates.support.resolving import Place


def session_for(place: Place, credentials: Mapping[str, str] | None = None) -> boto3.Session:
    """Return a session that speaks for ``place``."""
    given = {"region_name": place.region, **(credentials or {})}
    return boto3.Session(**given)  # type: ignore[arg-type]


@contextmanager
def default_session(
    place: Place, credentials: Mapping[str, str] | None = None
) -> Iterator[boto3.Session]:
    """Make ``boto3.client`` speak for ``place``."""
    session = session_for(place, credentials)
    before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, session
    try:
        yield session
    finally:
        boto3.DEFAULT_SESSION = before
