"""What is told of a rollout that halted or finished. Pure."""

from collections.abc import Sequence

from orgrollout.model.notice import Notice, NoticeEvent
from orgrollout.rollout.failures.failure_groups import FailureGroup, group_failures
from orgrollout.rollout.state.state import Outcome
from orgrollout.rollout.state.view import RolloutView

MOST_CAUSES = 5
MOST_OF_A_REASON = 300  # characters
_EVENTS = {
    Outcome.HALTED: NoticeEvent.HALTED,
    Outcome.STOPPED: NoticeEvent.HALTED,
    Outcome.WAITING: NoticeEvent.HALTED,  # it does not go on by itself either
    Outcome.SUCCEEDED: NoticeEvent.FINISHED,
    Outcome.FAILURES: NoticeEvent.FINISHED,
}


def notice_of(view: RolloutView) -> Notice | None:
    """Return what there is to tell of a rollout as it stands; nothing while it goes on."""
    plan, state = view.plan, view.state
    event = _EVENTS.get(state.outcome)
    if event is None:
        return None
    done = sum(completed.succeeded for completed in state.completed)
    causes = group_failures(view, (f for f in state.failures if f.final))[:MOST_CAUSES]
    failed = len(state.failed)
    accounts = len({failure.pair.account for failure in state.failed})
    return Notice(
        event=event,
        manifest=plan.manifest,
        subject=f"{state.id}: {state.outcome.value}",
        text="\n".join(_lines(view, done, causes)),
        facts={
            "rollout": state.id,
            "outcome": state.outcome.value,
            "organization": plan.organization,
            "note": state.note,
            "succeeded_instances": done,
            "failed_instances": failed,
            "failed_accounts": accounts,
            "causes": [_cause(group) for group in causes],
        },
        about=state.id,
        moment=f"{state.phase} {state.wave} {len(state.completed)} {state.ended} {state.note}",
    )


def _lines(view: RolloutView, done: int, causes: Sequence[FailureGroup]) -> list[str]:
    plan, state = view.plan, view.state
    lines = [
        f"Rollout {state.id} of {plan.manifest} in {plan.organization}: {state.outcome.value}.",
        *([state.note] if state.note else []),
        f"{done:,} stack instances are done, {len(state.failed):,} failed.",
        *(
            f"- {group.kind.value}: {group.reason[:MOST_OF_A_REASON] or 'no reason given'} "
            f"({group.instances:,} stack instances in {group.accounts:,} accounts)"
            for group in causes
        ),
    ]
    if state.outcome is Outcome.WAITING:
        lines.append(f"To let it go on: orgrollout approve {state.id}")
    else:
        lines.append(f"Details: orgrollout status {state.id}")
    return lines


def _cause(group: FailureGroup) -> dict[str, object]:
    return {
        "class": group.kind.value,
        "reason": group.reason[:MOST_OF_A_REASON],
        "instances": group.instances,
        "accounts": group.accounts,
    }
