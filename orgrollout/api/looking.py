"""What a client finds out, and what it plans. Only drift detections are sent to AWS."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orgrollout.api.place import Place, silent

if TYPE_CHECKING:
    from orgrollout.drift.findings import Findings
    from orgrollout.errors import OrgRolloutError
    from orgrollout.manifest.loaded import LoadedManifest
    from orgrollout.model.ids import StackSetKey, StackSetName
    from orgrollout.plan.model.plan import Plan
    from orgrollout.reconcile.drift.detect import DetectionStep
    from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest
    from orgrollout.reconcile.reading.inventory import Refresh
    from orgrollout.reconcile.reading.plan_request import Narrowing, Picture
    from orgrollout.rollout.as_of import PastLedger
    from orgrollout.rollout.coverage import CoverageRow
    from orgrollout.rollout.state.summary import RolloutSummary

DETECTION_PATIENCE = timedelta(minutes=30)


class Looking(Place):
    """Pictures, plans, coverage, findings."""

    __slots__ = ()

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

    def past_coverage(
        self, loaded: "LoadedManifest", until: datetime | None = None
    ) -> "PastLedger":
        """Return the ledger of a past moment, or without one how rollouts have left it by now.

        From the journal alone: what it does not tell is unknown. AWS is not called.

        Raises:
            NoSuchRolloutError: No rollout of the manifest had begun by then.
        """
        from orgrollout.reconcile.reading.past_ledger import past_ledger

        return past_ledger(self.context.journal, loaded.manifest.name, until)

    def rollouts_of(self, loaded: "LoadedManifest") -> "list[RolloutSummary]":
        """Return the rollouts of a manifest in short, oldest first."""
        from orgrollout.reconcile.reading.past_ledger import rollouts_of

        return rollouts_of(self.context.journal, loaded.manifest.name)

    def detect(
        self,
        loaded: "LoadedManifest",
        stack_sets: "Iterable[StackSetKey] | None" = None,
        *,
        patience: timedelta = DETECTION_PATIENCE,
        follow: "Callable[[DetectionStep], None]" = silent,
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
