"""boto3 sessions that read the service models only once, and one as the default for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import boto3
import botocore.session
from botocore.loaders import Loader

from tests.templates.support.resolving import Place


@cache
def _loader() -> Loader:
    loader: Loader = botocore.session.Session().get_component("data_loader")
    return loader


def session_for(place: Place, credentials: Mapping[str, str] | None = None) -> boto3.Session:
    """Return a session that speaks for ``place``."""
    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    given = {"region_name": place.region, **(credentials or {})}
    return boto3.Session(botocore_session=core, **given)


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
