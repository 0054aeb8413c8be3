"""The way in for programs: a script, a notebook, a service of your own. See docs/api.md.

    from orgrollout import api

    loaded = api.load("baseline.yaml")
    with api.connect(loaded) as client:
        plan = client.plan(loaded)
        rollout = client.drive(client.begin(plan))
        rows = client.coverage(loaded)

Nothing here prints, asks or reads a terminal. Everything that goes wrong is an
``orgrollout.errors.OrgRolloutError`` that says what happened, how things stand and what to do.
The command line stands on the same functions. The rooms behind them are imported when they are
first used, so that importing this module costs next to nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from orgrollout.api.page import Showing
from orgrollout.api.place import Progress, silent
from orgrollout.api.rollouts import Rollouts

if TYPE_CHECKING:
    from orgrollout.aws.recording.recorder import Recorder
    from orgrollout.aws.transport.clock import Clock
    from orgrollout.aws.transport.connection import AwsSession as AwsSession
    from orgrollout.aws.transport.connection import Connection
    from orgrollout.aws.transport.rate_limits import RateLimits
    from orgrollout.aws.transport.waiting import Waits
    from orgrollout.drift.findings import Findings
    from orgrollout.errors import OrgRolloutError
    from orgrollout.journal.port import Journal
    from orgrollout.manifest.loaded import LoadedManifest
    from orgrollout.plan.model.plan import Plan
    from orgrollout.reconcile.context import Context
    from orgrollout.reconcile.documents.rollouts import Rollout
    from orgrollout.reconcile.drift.detect import DetectionPhase, DetectionStep
    from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest
    from orgrollout.reconcile.reading.inventory import Refresh
    from orgrollout.reconcile.reading.plan_request import Picture
    from orgrollout.reconcile.tick.tick import Tick
    from orgrollout.rollout.coverage import CoverageRow, CoverageState
    from orgrollout.rollout.state.state import Outcome

__all__ = [
    "Client",
    "Connection",
    "Context",
    "CoverageRow",
    "CoverageState",
    "DetectionPhase",
    "DetectionStep",
    "Findings",
    "LoadedManifest",
    "OrgRolloutError",
    "Outcome",
    "Picture",
    "Plan",
    "Refresh",
    "ResyncPlan",
    "ResyncRequest",
    "Rollout",
    "Tick",
    "connect",
    "connection",
    "load",
]

_TYPES = {
    "Connection": "orgrollout.aws.transport.connection",
    "Context": "orgrollout.reconcile.context",
    "CoverageRow": "orgrollout.rollout.coverage",
    "CoverageState": "orgrollout.rollout.coverage",
    "DetectionPhase": "orgrollout.reconcile.drift.detect",
    "DetectionStep": "orgrollout.reconcile.drift.detect",
    "Findings": "orgrollout.drift.findings",
    "LoadedManifest": "orgrollout.manifest.loaded",
    "OrgRolloutError": "orgrollout.errors",
    "Outcome": "orgrollout.rollout.state.state",
    "Picture": "orgrollout.reconcile.reading.plan_request",
    "Plan": "orgrollout.plan.model.plan",
    "Refresh": "orgrollout.reconcile.reading.inventory",
    "ResyncPlan": "orgrollout.reconcile.drift.resync",
    "ResyncRequest": "orgrollout.reconcile.drift.resync",
    "Rollout": "orgrollout.reconcile.documents.rollouts",
    "Tick": "orgrollout.reconcile.tick.tick",
}


def __getattr__(name: str) -> object:
    """Return a type of the rooms by its name here: ``api.Plan``."""
    if name not in _TYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_TYPES[name]), name)


def load(manifest: str | Path) -> "LoadedManifest":
    """Return a manifest with its templates, checked. AWS is not called.

    Raises:
        ManifestError: All that is wrong with it, with file, line and column.
    """
    from orgrollout.manifest.load import load_manifest

    return load_manifest(Path(manifest))


class Client(Showing, Rollouts):
    """What a program works with: one caller, one home Region, one journal."""

    __slots__ = ()


@contextmanager
def connect(
    loaded: "LoadedManifest | None" = None,
    *,
    profile: str | None = None,
    home_region: str | None = None,
    journal: "str | Path | Journal | None" = None,
    session: "AwsSession | None" = None,
    clock: "Clock | None" = None,
    limits: "RateLimits | None" = None,
    waits: "Waits | None" = None,
    on_skew: "Callable[[timedelta], None] | None" = None,
    recorder: "Recorder | None" = None,
    read_only: bool = False,
    simulated: bool = False,
    progress: Progress = silent,
) -> "Iterator[Client]":
    """Give a client for a manifest; without one, for the rollouts of a journal.

    Credentials, profiles and AWS_ENDPOINT_URL are those of boto3, or of ``session``. The journal is
    the one that is named here, else in the manifest, else this machine's own; one that is given
    open stays open. ``clock`` is for simulated time. ``limits`` are rates of calls other than those
    that all connections of this process share. ``waits`` tell of calls that are not answered, and
    ``on_skew`` learns by how much the clock of this machine is ahead of AWS's, where that is a
    minute. The ``recorder`` writes down what is sent and answered. With ``read_only`` no client of
    AWS writes, but for the journal and for notices. What is ``simulated`` takes a manifest without
    a home Region, with a warning to ``progress``. ``progress`` hears a line about everything that
    takes long.

    Raises:
        ManifestError: The manifest does not say in which Region its stack sets live.
        MissingRegionError, CredentialsError, JournalError: As they say.
    """
    from orgrollout.api.connecting import connection_for, journal_for
    from orgrollout.reconcile.context import contexts

    made = connection_for(
        loaded,
        profile=profile,
        region=home_region,
        session=session,
        clock=clock,
        limits=limits,
        waits=waits,
        on_skew=on_skew,
        recorder=recorder,
        read_only=read_only,
        simulated=simulated,
        progress=progress,
    )
    with journal_for(loaded, journal, made) as (opened, where):
        call_as = loaded.manifest.call_as if loaded else "auto"
        context, reading = contexts(made, opened, call_as)
        yield Client(context=context, reading=reading, journal=where, progress=progress)


def connection(
    *,
    profile: str | None = None,
    home_region: str | None = None,
    recorder: "Recorder | None" = None,
) -> "Connection":
    """Return the way to AWS alone, for what needs no journal.

    Raises:
        MissingRegionError, UnknownProfileError: As they say.
    """
    from orgrollout.aws.transport.connection import connect as open_connection

    return open_connection(profile=profile, region=home_region, recorder=recorder)
