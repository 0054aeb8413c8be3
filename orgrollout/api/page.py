"""What the page shows, gathered for a manifest or for one rollout. Nothing is changed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orgrollout.api.looking import Looking

if TYPE_CHECKING:
    from orgrollout.drift.history import Record
    from orgrollout.manifest.loaded import LoadedManifest
    from orgrollout.model.ids import Digest
    from orgrollout.plan.model.plan import Plan
    from orgrollout.reconcile.documents.rollouts import Rollout
    from orgrollout.reconcile.reading.plan_request import Picture
    from orgrollout.rollout.state.view import RolloutView

Commands = Sequence[tuple[str, str]]  # what for, and as it is typed


class Showing(Looking):
    """The document of the page; `page_html` of `orgrollout.report.page.html` makes a file of it."""

    __slots__ = ()

    def page(
        self,
        loaded: "LoadedManifest",
        picture: "Picture | None" = None,
        *,
        commands: Commands = (),
    ) -> dict[str, Any]:
        """Return the page of a manifest: coverage, rollouts, drift, posture and the plan.

        ``picture`` was taken with ``drift=True``. A call is sent for each drifted stack instance.
        Posture is shown as it was seen last.

        Raises:
            AwsError: Something could not be read.
        """
        from orgrollout.reconcile.drift.read_findings import gather_findings
        from orgrollout.report.page.document import Facts, manifest_document

        picture = picture or self.look(loaded, drift=True)
        plan, refused = self._plan_or_why_not(loaded, picture)
        views, more = self._views(loaded.manifest.name)
        facts = Facts(
            name=loaded.manifest.name,
            home_region=self.context.connection.home_region,
            organization=picture.organization,
            stack_sets=tuple(picture.desired.stack_sets.values()),
            rows=self.coverage(loaded, picture),
            findings=gather_findings(loaded, picture, self.reading, self.progress),
            records=self._records(picture),
            rollouts=views,
            more_rollouts=more,
            plan=plan,
            refused=refused,
            commands=commands,
        )
        return manifest_document(facts, self.context.clock.now())

    def rollout_page(
        self, rollout: "Rollout", *, commands: Commands = (), notes: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return the page of one rollout, from the journal alone: AWS is not called."""
        from orgrollout.report.page.document import rollout_document
        from orgrollout.rollout.state.view import RolloutView

        view = RolloutView(rollout.plan, rollout.state)
        return rollout_document(view, self.context.clock.now(), commands, notes)

    def _plan_or_why_not(
        self, loaded: "LoadedManifest", picture: "Picture"
    ) -> "tuple[Plan | None, str]":
        from orgrollout.plan.checks.refusals import PlanRefusedError

        try:
            return self.plan(loaded, picture), ""
        except PlanRefusedError as error:
            return None, str(error)

    def _records(self, picture: "Picture") -> "dict[Digest, Record]":
        from orgrollout.reconcile.documents.findings import history

        names = [each.name for each in picture.desired.stack_sets.values()]
        return {k: r for name in names for k, r in history(self.context.journal, name).items()}

    def _views(self, manifest: str) -> "tuple[list[RolloutView], int]":
        """Return the newest rollouts of a manifest, and how many more there are."""
        from orgrollout.reconcile.documents.rollout_summaries import summaries
        from orgrollout.reconcile.documents.rollouts import load_rollout
        from orgrollout.report.page.document import MOST_ROLLOUTS
        from orgrollout.rollout.state.view import RolloutView

        mine = [each for each in summaries(self.context.journal) if each.manifest == manifest]
        newest = mine[: -MOST_ROLLOUTS - 1 : -1]
        found = [load_rollout(self.context.journal, each.id) for each in newest]
        return [RolloutView(r.plan, r.state) for r in found], len(mine) - len(found)
