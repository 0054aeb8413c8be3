"""The one state that says most of each stack instance of a rollout."""

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.report.page.columns import Ledger
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.unfinished import BLOCKED, FAILED, PENDING, RUNNING, SKIPPED, left_of

DONE = "done"
STATES = (DONE, PENDING, RUNNING, FAILED, BLOCKED, SKIPPED)


def fill_from_rollout(view: RolloutView, ledger: Ledger) -> None:
    """Add each pair of a rollout to the ledger, in the one state that says most of it."""
    found: dict[tuple[StackSetKey, Pair], tuple[str, str]] = {}
    for operation in view.plan.operations:
        for pair in operation.rectangle.pairs:
            found[operation.stack_set, pair] = DONE, ""
    for left in left_of(view):
        key = view.plan.operations[left.planned].stack_set
        for pair in left.pairs:
            found[key, pair] = left.state, left.reason
    for (key, pair), (state, reason) in found.items():
        ledger.add(key, pair, state, reason)
