"""How a manifest stood at a past moment, from the journal alone. AWS is not called."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.rollout.as_of import PastLedger, is_in, ledger_as_of, newest_ledger
from orgrollout.rollout.state.summary import RolloutSummary
from orgrollout.rollout.state.view import RolloutView


def past_ledger(journal: Journal, manifest: str, until: datetime | None) -> PastLedger:
    """Return how all stood at a moment, or, without one, how rollouts have left it by now.

    Raises:
        NoSuchRolloutError: No rollout of the manifest had begun by then, or those that had are
            forgotten.
    """
    mine = rollouts_of(journal, manifest)
    begun = [each for each in mine if until is None or _had_begun(each, until)]
    if not begun:
        raise NoSuchRolloutError(_nothing(manifest, until, mine))
    if until is not None and until != begun[-1].ended:
        _must_remember(begun[-1], mine[len(begun) : len(begun) + 1], until)
    history: list[RolloutView] = []
    for each in reversed(begun):
        base = newest_ledger(history)
        if base is not None and is_in(each.created, each.ended, base):
            continue
        if base is None and history and _number(each.id) != _number(history[-1].state.id) - 1:
            break  # one between is forgotten, and may have changed anything
        with suppress(NoSuchRolloutError):  # it was pruned meanwhile
            found = load_rollout(journal, each.id)
            history.append(RolloutView(found.plan, found.state))
    return ledger_as_of(tuple(reversed(history)), until)


def _must_remember(
    last: RolloutSummary, following: Sequence[RolloutSummary], until: datetime
) -> None:
    """Refuse a moment of which later rollouts may have been forgotten.

    Raises:
        NoSuchRolloutError: They may have been.
    """
    missing = [n for each in following for n in range(_number(last.id) + 1, _number(each.id))]
    if missing:
        raise NoSuchRolloutError(
            f"this journal has forgotten rollouts between {last.id} and {following[0].id}, which "
            f"may have begun by {until.isoformat(' ', 'minutes')}, so it does not tell how it "
            f"stood then. Name a rollout: --as-of {last.id}."
        )


def _number(rollout: RolloutId) -> int:
    """Return the number of a rollout: an id is the manifest's name and that."""
    number = rollout.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _had_begun(rollout: RolloutSummary, until: datetime) -> bool:
    """Return whether it could have done anything: one that begins at that moment has not yet."""
    return rollout.created < until or (rollout.ended is not None and rollout.ended <= until)


def rollouts_of(journal: Journal, manifest: str) -> list[RolloutSummary]:
    """Return the rollouts of a manifest in short, oldest first."""
    return [each for each in summaries(journal) if each.manifest == manifest]


def _nothing(manifest: str, until: datetime | None, mine: list[RolloutSummary]) -> str:
    if not mine or until is None:
        return (
            f"this journal has no rollout of {manifest}, so it does not tell how {manifest} stood. "
            "`orgrollout coverage` without --as-of reads how it stands now."
        )
    return (
        f"no rollout of {manifest} had begun by {until.isoformat(' ', 'minutes')}, so the journal "
        f"does not tell how it stood. Its oldest, {mine[0].id}, began "
        f"{mine[0].created.isoformat(' ', 'minutes')}."
    )
