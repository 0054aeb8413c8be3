"""The ledger of a manifest: every account and Region of every stack set, with its state."""

from collections.abc import Iterator

from orgrollout.drift.ignoring import accepted_check
from orgrollout.drift.posture_checks import counts_flow_logs
from orgrollout.drift.posture_record import Accepts
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.organization.acceptances import Acceptance
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.posture import known_posture
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.drift.accepted import accepted_drift
from orgrollout.reconcile.reading.inventory import Progress
from orgrollout.reconcile.reading.plan_request import Picture
from orgrollout.rollout.coverage import CoverageRow, activity_of, cover_stack_set, with_posture
from orgrollout.rollout.state.view import RolloutView


def coverage_rows(
    loaded: LoadedManifest, picture: Picture, context: Context, progress: Progress
) -> tuple[CoverageRow, ...]:
    """Return the ledger in the order of the manifest, then by account and Region.

    ``picture`` was taken with ``drift=True``.

    Raises:
        AwsError: Something could not be read.
    """
    newest = _newest_rollout(loaded.manifest.name, context)
    return tuple(_rows(loaded, picture, context, progress, newest))


def _rows(
    loaded: LoadedManifest,
    picture: Picture,
    context: Context,
    progress: Progress,
    newest: Rollout | None,
) -> Iterator[CoverageRow]:
    for key, desired in picture.desired.stack_sets.items():
        inventory = picture.inventory.stack_sets.get(desired.name)
        activity = activity_of(RolloutView(newest.plan, newest.state), key) if newest else None
        accepted = accepted_drift(desired, inventory, context, progress)
        rows = cover_stack_set(desired, inventory, activity, accepted)
        template = loaded.templates.get(key)
        if template is not None and template.metadata.posture:
            accepts = _accepts(desired.accepts)
            known = known_posture(context.journal, desired.name, desired.pairs, accepts)
            rows = with_posture(rows, desired, known, counts_flow_logs=counts_flow_logs(template))
        yield from sorted(rows, key=lambda row: row.pair)


def _accepts(rules: tuple[Acceptance, ...]) -> Accepts:
    """Return a function that finds the rule by which the manifest accepts a broken check."""
    return lambda pair, about: accepted_check(rules, pair, *about)


def _newest_rollout(manifest: str, context: Context) -> Rollout | None:
    mine = [each for each in summaries(context.journal) if each.manifest == manifest]
    return load_rollout(context.journal, mine[-1].id) if mine else None
