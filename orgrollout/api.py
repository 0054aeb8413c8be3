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

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgrollout.aws.transport.clock import Clock
    from orgrollout.aws.transport.connection import AwsSession
    from orgrollout.drift.findings import Findings
    from orgrollout.errors import OrgRolloutError
    from orgrollout.manifest.loaded import LoadedManifest
    from orgrollout.model.ids import StackSetKey, StackSetName
    from orgrollout.plan.model.plan import Plan
    from orgrollout.reconcile.context import Context
    from orgrollout.reconcile.documents.rollouts import Rollout
    from orgrollout.reconcile.drift.detect import DetectionPhase, DetectionStep
    from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest
    from orgrollout.reconcile.reading.inventory import Refresh
    from orgrollout.reconcile.reading.plan_request import Narrowing, Picture
    from orgrollout.reconcile.tick.tick import Tick
    from orgrollout.rollout.coverage import CoverageRow, CoverageState
    from orgrollout.rollout.state.state import Failure, Outcome, RolloutState

__all__ = [
    "Client",
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
    "load",
]

_TYPES = {
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

Progress = Callable[[str], None]
DETECTION_PATIENCE = timedelta(minutes=30)


def __getattr__(name: str) -> object:
    """Return a type of the rooms by its name here: ``api.Plan``."""
    if name not in _TYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_TYPES[name]), name)


def _silent(_: object) -> None:
    pass


def load(manifest: str | Path) -> "LoadedManifest":
    """Return a manifest with its templates, checked. AWS is not called.

    Raises:
        ManifestError: All that is wrong with it, with file, line and column.
    """
    from orgrollout.manifest.load import load_manifest

    return load_manifest(Path(manifest))


@contextmanager
def connect(
    loaded: "LoadedManifest | None" = None,
    *,
    profile: str | None = None,
    home_region: str | None = None,
    journal: str | Path | None = None,
    session: "AwsSession | None" = None,
    clock: "Clock | None" = None,
    progress: Progress = _silent,
) -> "Iterator[Client]":
    """Give a client for a manifest; without one, for the rollouts of a journal.

    Credentials, profiles and AWS_ENDPOINT_URL are those of boto3, or of ``session``. The journal is
    the one that is named here, else in the manifest, else this machine's own. ``clock`` is for
    simulated time. ``progress`` hears a line about everything that takes long.

    Raises:
        ManifestError: The manifest does not say in which Region its stack sets live.
        MissingRegionError, CredentialsError, JournalError: As they say.
    """
    from orgrollout.aws.transport.connection import connect as open_connection
    from orgrollout.errors import ManifestError
    from orgrollout.reconcile.context import call_bounds, contexts
    from orgrollout.reconcile.open_journal import named_journal, open_journal
    from orgrollout.reconcile.reading.home_region import proposed_home

    home = loaded.home_region if loaded else None
    connection = open_connection(
        profile=profile,
        region=home_region or home,
        session=session,
        clock=clock,
        bounds=call_bounds(loaded),
    )
    if loaded is not None and home is None:
        proposed = proposed_home(loaded, connection.planning())
        raise ManifestError([loaded.home_is_missing(*proposed)])
    named = str(journal) if journal is not None else named_journal(loaded)
    opened, where = open_journal(named, connection)
    try:
        call_as = loaded.manifest.call_as if loaded else "auto"
        context, reading = contexts(connection, opened, call_as)
        yield Client(context=context, reading=reading, journal=where, progress=progress)
    finally:
        opened.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a program works with: one caller, one home Region, one journal."""

    context: "Context"
    reading: "Context"  # the same, and it cannot write to AWS
    journal: str  # where it is
    progress: Progress = _silent

    def look(
        self, loaded: "LoadedManifest", *, refresh: "Refresh | None" = None, drift: bool = False
    ) -> "Picture":
        """Return what the manifest wants and what is deployed; with ``drift``, what drifted too.

        Raises:
            ManifestError: It does not fit this organization.
            AwsError: Something could not be read.
        """
        from orgrollout.reconcile.reading.inventory import Refresh
        from orgrollout.reconcile.reading.plan_request import look

        refresh = refresh or Refresh.INCREMENTAL
        return look(loaded, self.reading, self.progress, refresh=refresh, drift=drift)

    def plan(
        self,
        loaded: "LoadedManifest",
        picture: "Picture | None" = None,
        *,
        narrowing: "Narrowing | None" = None,
        allow_removals: int | None = None,
        allow_departed: int | None = None,
        recover_inoperable: bool = False,
    ) -> "Plan":
        """Return what has to be done: the exact list, pair by pair. Nothing is changed.

        Raises:
            PlanRefusedError: It would do harm; all reasons at once.
            AwsError: Something could not be read.
        """
        from orgrollout.reconcile.reading.plan_request import plan_from

        return plan_from(
            loaded,
            picture or self.look(loaded),
            self.reading,
            narrowing=narrowing,
            allow_removals=allow_removals,
            allow_departed=allow_departed,
            recover_inoperable=recover_inoperable,
        )

    def frozen_until(self, plan: "Plan") -> datetime | None:
        """Return when the freeze ends that holds now, if there is one. `drive` waits for it."""
        from orgrollout.rollout.decide.start_block import frozen_until

        return frozen_until(plan, self.context.clock.now())

    def begin(self, plan: "Plan", *, supersede: bool = False) -> "Rollout":
        """Claim the stack sets of a plan, record the rollout and return it. Nothing is sent yet.

        With ``supersede``, rollouts that are stopped give their stack sets up for good.

        Raises:
            WrongPlaceError: The plan is for another organization or home Region.
            OpenRolloutError: Another rollout holds stack sets of the plan.
        """
        from orgrollout.reconcile.lifecycle.begin import begin_rollout
        from orgrollout.reconcile.reading.plan_request import check_place

        check_place(plan, self.reading)
        return begin_rollout(plan, self.context, supersede=supersede)

    def drive(self, rollout: "Rollout", follow: "Callable[[Tick], None]" = _silent) -> "Rollout":
        """Advance a rollout until nothing happens by itself any more, and return it.

        ``follow`` is called after every tick, and once a minute while nothing happens. What it
        raises ends the loop: operations go on in AWS, and driving again attaches to them. Several
        processes may drive one rollout. An outage is waited out for an hour at least.

        Raises:
            AwsError: AWS refused something, or is away for too long. The rollout stays open.
            ClaimLostError: Another rollout took over, or a stack set was unlocked.
        """
        from orgrollout.drivers.local import drive

        return drive(rollout.state.id, self.context, follow)

    def tick(self, rollout: "Rollout") -> "Tick":
        """Advance a rollout by one step; ``wake_after`` of what is returned says when to go on.

        Raises:
            JournalConflictError: Another process advanced it meanwhile. Tick again.
            AwsError: AWS refused something. The rollout stays open.
        """
        from orgrollout.reconcile.tick.tick import tick

        return tick(rollout.state.id, self.context)

    def coverage(
        self, loaded: "LoadedManifest", picture: "Picture | None" = None
    ) -> "tuple[CoverageRow, ...]":
        """Return the ledger: every account and Region of every stack set, in one state each.

        ``picture`` was taken with ``drift=True``.

        Raises:
            AwsError: Something could not be read.
        """
        from orgrollout.reconcile.drift.ledger import coverage_rows

        picture = picture or self.look(loaded, drift=True)
        return coverage_rows(loaded, picture, self.reading, self.progress)

    def detect(
        self,
        loaded: "LoadedManifest",
        stack_sets: "Iterable[StackSetKey] | None" = None,
        *,
        patience: timedelta = DETECTION_PATIENCE,
        follow: "Callable[[DetectionStep], None]" = _silent,
    ) -> "Mapping[StackSetName, DetectionStep]":
        """Run drift detections until they end, and return how each ended, by stack set name.

        Stack sets that do not exist, or belong to others, are left out. An operation that is not
        ours is waited for as long as ``patience`` lasts.

        Raises:
            WrongPlaceError: The manifest is for another organization.
            AwsError: AWS refused something, or is away for too long.
        """
        from orgrollout.drivers.detecting import detect
        from orgrollout.model.ids import StackSetKey
        from orgrollout.reconcile.drift.detection_targets import detection_targets
        from orgrollout.reconcile.reading.plan_request import WrongPlaceError

        keys = map(StackSetKey, loaded.manifest.stack_sets)
        targets = detection_targets(
            loaded, self.context, keys if stack_sets is None else stack_sets
        )
        if targets is None:
            raise WrongPlaceError(str(loaded.path), loaded.manifest.organization)
        for key, reason in targets.left_out.items():
            self.progress(f"{key}: {reason}")

        def waiting(error: "OrgRolloutError", pause: timedelta) -> None:
            self.progress(f"{error} Trying again in {pause.total_seconds():.0f} s.")

        return detect(targets.names, self.context, follow, waiting, patience=patience)

    def findings(
        self, loaded: "LoadedManifest", picture: "Picture | None" = None, *, posture: bool = True
    ) -> "Findings":
        """Return everything that is not as deployed, as far as it was looked at.

        Drift is what the last detections found. With ``posture`` the checks are made now, in the
        member accounts. ``picture`` was taken with ``drift=True``.

        Raises:
            AwsError: Something could not be read.
        """
        from orgrollout.reconcile.drift.look_at_posture import look_at_posture
        from orgrollout.reconcile.drift.read_findings import gather_findings

        picture = picture or self.look(loaded, drift=True)
        looked = None
        if posture:
            looked = look_at_posture(loaded, picture, self.reading, self.progress)
        return gather_findings(loaded, picture, self.reading, self.progress, posture=looked)

    def plan_resync(
        self,
        loaded: "LoadedManifest",
        picture: "Picture | None" = None,
        *,
        narrowing: "Narrowing | None" = None,
        request: "ResyncRequest | None" = None,
    ) -> "ResyncPlan":
        """Return what is not as deployed, and the plan that repairs it: `begin(it.resync.plan)`.

        ``picture`` was taken with ``drift=True``. What was found is added to the history.

        Raises:
            PlanRefusedError: It would do harm; all reasons at once.
            AwsError: Something could not be read.
        """
        from orgrollout.reconcile.drift.resync import ResyncRequest, seek_repairs

        return seek_repairs(
            loaded,
            picture or self.look(loaded, drift=True),
            self.context,
            self.progress,
            narrowing=narrowing,
            wanted=request or ResyncRequest(),
        )

    def rollouts(self) -> "list[RolloutState]":
        """Return where every rollout of the journal stands, oldest first. AWS is not called."""
        from orgrollout.reconcile.documents.rollouts import rollout_states

        return rollout_states(self.context.journal)

    def rollout(self, name: str | None = None, *, only_open: bool = False) -> "Rollout":
        """Return one rollout as the journal has it; without a name the newest, or the open one.

        Raises:
            NoSuchRolloutError: There is none, or several are open and none was named.
        """
        from orgrollout.reconcile.documents.rollouts import find_rollout

        return find_rollout(self.context.journal, name, only_open=only_open)

    def stop(self, rollout: "Rollout") -> "Rollout":
        """Order that nothing more starts and what runs is stopped. `drive` carries it out.

        Raises:
            WrongPhaseError: It is over already.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import stop_rollout

        return stop_rollout(rollout.state.id, self.context)

    def resume(self, rollout: "Rollout") -> "Rollout":
        """Order that a rollout that was stopped or halted goes on. `drive` carries it out.

        Raises:
            WrongPhaseError: It cannot go on.
            OpenRolloutError, LaterRolloutError: Another rollout has its stack sets.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import resume_rollout

        return resume_rollout(rollout.state.id, self.context)

    def approve(self, rollout: "Rollout") -> "Rollout":
        """Let the next wave of a rollout start. `drive` carries it out.

        Raises:
            ApprovalError: It waits in another wave than the ``rollout`` that was looked at.
            WrongPhaseError, SecondPersonError: It cannot be approved, or not by this caller.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import approve_rollout

        return approve_rollout(rollout, self.context)

    def retry(
        self,
        rollout: "Rollout",
        meant: "Callable[[Failure], bool]" = lambda _: True,
        *,
        along: "Callable[[Failure], bool]" = lambda _: True,
    ) -> "Rollout":
        """Order that failures are tried again: all, or those that are ``meant``.

        Blocked stack instances of the same accounts are tried with them, where ``along`` says so.
        `drive` carries it out.

        Raises:
            WrongPhaseError: There is nothing to try again.
            OpenRolloutError, LaterRolloutError: Another rollout has its stack sets.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import retry_rollout

        return retry_rollout(rollout.state.id, self.context, meant, along=along)

    def plan_rollback(self, rollout: "Rollout") -> "Plan":
        """Return what `rollback` would do.

        Raises:
            WrongPhaseError, NothingToRollBackError, NewerRolloutError: It cannot be taken back.
        """
        from orgrollout.reconcile.lifecycle.rollback import plan_rollback

        return plan_rollback(rollout, self.context.journal)

    def rollback(self, rollout: "Rollout") -> "Rollout":
        """Begin the rollout that takes another one back, and return it. `drive` carries it out.

        Raises:
            WrongPhaseError, NothingToRollBackError, NewerRolloutError: It cannot be taken back.
        """
        from orgrollout.reconcile.lifecycle.rollback import begin_rollback

        return begin_rollback(rollout, self.context)
