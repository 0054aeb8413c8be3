"""Forgetting old rollouts: the record, its history, and its plan if no other rollout has it."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from orgrollout.inventory.watermark import LOOK_BACK
from orgrollout.journal.documents import Kept
from orgrollout.journal.port import Journal, drop_artifact, put_artifact
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.reconcile.documents.detections import forget_ended
from orgrollout.reconcile.documents.findings import forget_what_is_gone
from orgrollout.reconcile.documents.notices import forget_notices
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.documents.rollout_events import history_of
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS
from orgrollout.reconcile.documents.rollout_summaries import kept_summaries, summaries
from orgrollout.reconcile.documents.rollouts import rollout_ids
from orgrollout.rollout.state.state import RolloutState
from orgrollout.rollout.state.summary import RolloutSummary

_AT_A_TIME = 8_000_000  # characters of plans that are kept, to be put back


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
    since = now - LOOK_BACK
    found = kept_summaries(journal)
    forgotten = [old.value for old in _old(found, keep, since) if _forget(journal, old)]
    for each in forgotten:
        journal.drop(history_of(each.id))
        forget_notices(journal, each.id)
    return Pruned(
        rollouts=tuple(each.id for each in forgotten),
        plans=_drop_plans(journal, {each.plan for each in forgotten}),
        findings=forget_what_is_gone(journal),
        detections=forget_ended(journal, now - LOOK_BACK),
    )


def _old(
    found: Sequence[Kept[RolloutSummary]], keep: int, since: datetime
) -> Iterable[Kept[RolloutSummary]]:
    """Yield what may be forgotten of all rollouts, oldest first; a plan is not read for that."""
    newest = frozenset({kept.value.manifest: kept.value.id for kept in found}.values())
    ended = [kept for kept in found if not kept.value.holds]
    for kept in ended[: max(len(ended) - keep, 0)]:
        is_recent = kept.value.ended is None or kept.value.ended >= since
        if kept.value.id not in newest and not is_recent:
            yield kept


def _forget(journal: Journal, old: Kept[RolloutSummary]) -> bool:
    """Remove the record, unless another process has changed it since, as `retry` does."""
    found = ROLLOUTS.get(journal, old.value.id)
    if found is None or found.version != old.version:
        return False
    return ROLLOUTS.remove(journal, old.value.id, found.version)


def _drop_plans(journal: Journal, digests: AbstractSet[Digest]) -> int:
    """Remove the plans that no rollout has, some at a time, and return how many those were.

    A rollout may begin with one just then: that one is put back.
    """
    known = set(rollout_ids(journal))
    used = {summary.plan for summary in summaries(journal)}
    gone = 0
    for dropped in _dropped(journal, sorted(digests - used)):
        for state in _begun_since(journal, known):
            if (text := dropped.pop(state.plan, None)) is not None:
                put_artifact(journal, text)
        gone += len(dropped)
    return gone


def _dropped(journal: Journal, digests: Iterable[Digest]) -> Iterator[dict[Digest, str]]:
    """Remove plans, and yield their texts, as many at a time as memory should hold."""
    some: dict[Digest, str] = {}
    size = 0
    for digest in digests:
        if (text := drop_artifact(journal, digest)) is not None:
            some[digest] = text
            size += len(text)
        if size >= _AT_A_TIME:
            yield some
            some, size = {}, 0
    yield some


def _begun_since(journal: Journal, known: AbstractSet[RolloutId]) -> Iterable[RolloutState]:
    for rollout in rollout_ids(journal):
        found = ROLLOUTS.get(journal, rollout) if rollout not in known else None
        if found is not None:
            yield found.value.state
