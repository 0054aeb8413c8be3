"""Forgetting old rollouts: the record, its history, and its plan if no other rollout has it."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from orgrollout.inventory.watermark import LOOK_BACK
from orgrollout.journal.port import Journal, drop_artifact, put_artifact
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.reconcile.documents.detections import forget_ended
from orgrollout.reconcile.documents.findings import forget_what_is_gone
from orgrollout.reconcile.documents.notices import forget_notices
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.documents.rollout_events import history_of
from orgrollout.reconcile.documents.rollouts import (
    ROLLOUTS,
    records,
    rollout_ids,
    rollout_states,
)
from orgrollout.rollout.state.state import RolloutState

_AT_A_TIME = 50  # plans whose text is kept, to be put back


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
    forgotten = [s for s in _old(rollout_states(journal), keep, since) if _forget(journal, s)]
    for state in forgotten:
        journal.drop(history_of(state.id))
        forget_notices(journal, state.id)
    return Pruned(
        rollouts=tuple(state.id for state in forgotten),
        plans=_drop_plans(journal, {state.plan for state in forgotten}),
        findings=forget_what_is_gone(journal),
        detections=forget_ended(journal, now - LOOK_BACK),
    )


def _old(found: Sequence[RolloutState], keep: int, since: datetime) -> Iterable[RolloutState]:
    """Yield what may be forgotten of all rollouts, oldest first; a plan is not read for that."""
    newest = {state.manifest: state.id for state in found}
    ended = [state for state in found if not state.holds]
    for state in ended[: max(len(ended) - keep, 0)]:
        is_recent = state.ended is None or state.ended >= since
        if state.id not in newest.values() and not is_recent:
            yield state


def _forget(journal: Journal, state: RolloutState) -> bool:
    """Remove the record, unless another process has changed it since, as `retry` does."""
    found = ROLLOUTS.get(journal, state.id)
    if found is None or found.value.state != state:
        return False
    return ROLLOUTS.remove(journal, state.id, found.version)


def _drop_plans(journal: Journal, digests: AbstractSet[Digest]) -> int:
    """Remove the plans that no rollout has, some at a time, and return how many those were.

    A rollout may begin with one just then: that one is put back.
    """
    known = set(rollout_ids(journal))
    used = {record.state.plan for record in records(journal)}
    gone = 0
    for some in _batches(sorted(digests - used)):
        contents = {digest: drop_artifact(journal, digest) for digest in some}
        dropped = {digest: text for digest, text in contents.items() if text is not None}
        for state in _begun_since(journal, known):
            if (text := dropped.pop(state.plan, None)) is not None:
                put_artifact(journal, text)
        gone += len(dropped)
    return gone


def _begun_since(journal: Journal, known: AbstractSet[RolloutId]) -> Iterable[RolloutState]:
    for rollout in rollout_ids(journal):
        found = ROLLOUTS.get(journal, rollout) if rollout not in known else None
        if found is not None:
            yield found.value.state


def _batches(digests: Sequence[Digest]) -> Iterable[Sequence[Digest]]:
    return (digests[start : start + _AT_A_TIME] for start in range(0, len(digests), _AT_A_TIME))
