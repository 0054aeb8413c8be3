"""Which stacks were kept when their stack instances were detached, by what our rollouts did.

CloudFormation forgets a stack that was detached. The journal does not: each rollout that is over
is read once, and what it detached is kept in one document. Known is only what this journal saw.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from orgrollout.journal.documents import Documents
from orgrollout.journal.port import Document, Journal
from orgrollout.journal.reading import as_mapping
from orgrollout.model.ids import Pair, RolloutId, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.plan.model.targets import Rectangle, cover
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.rollout.state.state import RolloutState
from orgrollout.rollout.state.summary import RolloutSummary

Retained = Mapping[StackSetName, Mapping[Pair, RolloutId]]


def retained_stacks(journal: Journal) -> Retained:
    """Return, by stack set, where a stack was kept, and the last rollout that detached it."""
    document = RETAINED.get(journal)
    known = dict(document.value) if document else {}
    read = {
        str(summary.id): _entry(load_rollout(journal, summary.id))
        for summary in summaries(journal)
        if _is_news(summary, known)
    }
    if read:
        known |= read
        # Another process that wrote first has read the same.
        RETAINED.offer(journal, "", known, document.version if document else None)
    found: dict[StackSetName, dict[Pair, RolloutId]] = {}
    for rollout, entry in sorted(known.items(), key=lambda item: str(item[1]["ended"])):
        for name, rectangles in entry["kept"].items():
            mine = found.setdefault(StackSetName(name), {})
            for accounts, regions in rectangles:
                pairs = Rectangle(tuple(accounts), tuple(regions)).pairs
                mine.update(dict.fromkeys(pairs, RolloutId(rollout)))
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one rollout detached, as the journal keeps it: by stack set, accounts x Regions."""

    ended: str
    kept: dict[str, list[tuple[list[str], list[str]]]]


_ENTRIES = TypeAdapter(dict[str, _Entry])


def _read(document: Document) -> dict[str, Any]:
    value = dict(as_mapping(document.key, document.value))
    _ENTRIES.validate_python(value)
    return value


RETAINED: Documents[dict[str, Any]] = Documents(prefix="retained", read=_read, dump=dict)


def _is_news(summary: RolloutSummary, known: Mapping[str, Any]) -> bool:
    """Return whether a rollout is over, and was not when it was read before, if it was."""
    before = known.get(summary.id)
    return summary.ended is not None and (before is None or before["ended"] != str(summary.ended))


def _entry(rollout: Rollout) -> dict[str, Any]:
    kept: dict[str, list[Pair]] = {}
    for name, pair in _detached(rollout):
        kept.setdefault(name, []).append(pair)
    return {"ended": str(rollout.state.ended), "kept": {n: cover(ps) for n, ps in kept.items()}}


def _detached(rollout: Rollout) -> Iterator[tuple[StackSetName, Pair]]:
    plan, state = rollout.plan, rollout.state
    done = {
        (
            operation.action,
            plan.stack_sets[operation.stack_set].name,
            pair,
        ): operation.takes_away
        for operation, pair in _succeeded(plan, state)
    }
    for (action, name, pair), for_good in done.items():
        had_again = not for_good and (OperationAction.CREATE, name, pair) in done
        if action is OperationAction.DETACH and not had_again:
            yield name, pair


def _succeeded(plan: Plan, state: RolloutState) -> Iterator[tuple[PlannedOperation, Pair]]:
    left = {(failure.planned, failure.pair) for failure in state.failures}
    left |= {(pending.planned, pair) for pending in state.waiting for pair in pending.pairs}
    for planned in sorted({completed.planned for completed in state.completed}):
        operation = plan.operations[planned]
        for pair in operation.rectangle.pairs:
            if (planned, pair) not in left:
                yield operation, pair
