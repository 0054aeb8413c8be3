"""Forgetting old rollouts: the record, its history, and its plan if no other rollout has it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orgrollout.inventory.watermark import LOOK_BACK
from orgrollout.journal.errors import JournalConflictError
from orgrollout.journal.port import Journal, drop_artifact, put_artifact
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.reconcile.detection_intents import forget_ended
from orgrollout.reconcile.finding_history import forget_what_is_gone
from orgrollout.reconcile.history import history_of
from orgrollout.reconcile.notifying import forget_notices
from orgrollout.reconcile.retained import retained_stacks
from orgrollout.reconcile.rollouts import Rollout, records, rollout_key, rollouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What is gone."""

    rollouts: tuple[RolloutId, ...]
    plans: int
    findings: int = 0  # records of what is no longer found
    detections: int = 0  # that are over


def prune_journal(journal: Journal, *, keep: int, now: datetime) -> Pruned:
    """Forget all ended rollouts but the newest ``keep``, and return what is gone.

    What may still go on stays, and so does what ended so lately that lists of operations may lag
    behind it, and the newest of every manifest, so that no id comes up a second time. Of drift,
    what is over is forgotten: findings that are gone, detections that have ended. Whatever is
    killed in the middle, nothing that stays refers to something gone.
    """
    retained_stacks(journal)  # which stacks were kept is remembered beyond the rollouts
    forgotten = [
        r for r in _old(tuple(rollouts(journal)), keep, now - LOOK_BACK) if _forget(journal, r)
    ]
    for rollout in forgotten:
        journal.drop(history_of(rollout.state.id))
        forget_notices(journal, rollout.state.id)
    digests = {rollout.state.plan for rollout in forgotten}
    gone = [digest for digest in sorted(digests) if _drop_plan(journal, digest)]
    return Pruned(
        rollouts=tuple(r.state.id for r in forgotten),
        plans=len(gone),
        findings=forget_what_is_gone(journal),
        detections=forget_ended(journal, now - LOOK_BACK),
    )


def _old(found: tuple[Rollout, ...], keep: int, since: datetime) -> Iterable[Rollout]:
    newest = {rollout.plan.manifest: rollout.state.id for rollout in found}
    ended = [rollout for rollout in found if not rollout.state.holds]
    for rollout in ended[: max(len(ended) - keep, 0)]:
        is_recent = rollout.state.ended is None or rollout.state.ended >= since
        if rollout.state.id not in newest.values() and not is_recent:
            yield rollout


def _forget(journal: Journal, rollout: Rollout) -> bool:
    """Remove the record, unless somebody has just changed it, as `retry` does."""
    try:
        journal.delete(rollout_key(rollout.state.id), expected=rollout.version)
    except JournalConflictError:
        return False
    return True


def _drop_plan(journal: Journal, digest: Digest) -> bool:
    """Remove a plan that no rollout has. One may begin with it just then: put it back."""
    if _is_used(journal, digest):
        return False
    content = drop_artifact(journal, digest)
    if content is not None and _is_used(journal, digest):
        put_artifact(journal, content)
        return False
    return content is not None


def _is_used(journal: Journal, digest: Digest) -> bool:
    return any(record.state.plan == digest for record in records(journal))
