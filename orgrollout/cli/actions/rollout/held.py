"""Which open rollouts hold the stack sets of a plan, so that `apply` would be refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orgrollout.cli.actions.rollout.next_steps import next_step
from orgrollout.cli.session import Session
from orgrollout.model.ids import RolloutId
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.claims import counterpart_of
from orgrollout.reconcile.documents.rollouts import Rollout, claims_of, load_rollout
from orgrollout.reconcile.lifecycle.begin import BUSY, holders_of
from orgrollout.report.layout.blocks import Line
from orgrollout.report.layout.words import enumerated, iso, moment

_NAMED = 5  # stack sets in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one open rollout holds of a plan's stack sets."""

    rollout: Rollout
    stack_sets: tuple[str, ...]  # by name
    hint: str  # what a person does next, or nothing

    @property
    def text(self) -> str:
        """Return who holds what, since when, and what that means for the plan."""
        state = self.rollout.state
        more = len(self.stack_sets) - _NAMED
        names = (*self.stack_sets[:_NAMED], *((f"{more:,} more",) if more > 0 else ()))
        one = "stack set" if len(self.stack_sets) == 1 else "stack sets"
        return (
            f"held: {state.id} is {state.phase} since {moment(state.created)} and holds {one} "
            f"{enumerated(names)}: `apply` is refused as long as it does"
        )

    @property
    def json(self) -> dict[str, Any]:
        """Return the same for programs."""
        state = self.rollout.state
        return {
            "rollout": state.id,
            "phase": state.phase.value,
            "since": iso(state.created),
            "stack_sets": list(self.stack_sets),
            "next": self.hint.removeprefix("-> ") or None,
        }


def held_by_others(plan: Plan, session: Session) -> tuple[Held, ...]:
    """Return the rollouts that `apply` of the plan would be refused for, oldest first.

    A re-sync holds the repairs alone, which is in the way only while it is at work.
    """
    journal = session.context.journal
    claims = claims_of(plan)
    found: dict[RolloutId, list[str]] = {}
    for name, other in holders_of(journal, claims).items():
        found.setdefault(other, []).append(name)
    for name, other in holders_of(journal, map(counterpart_of, claims)).items():
        if load_rollout(journal, other).state.phase in BUSY:
            found.setdefault(other, []).append(counterpart_of(name))
    held = [_held(load_rollout(journal, other), names, session) for other, names in found.items()]
    return tuple(sorted(held, key=lambda each: each.rollout.state.created))


def held_lines(held: Iterable[Held]) -> Iterator[Line]:
    """Yield what a person should know of them, with the next step of each."""
    for each in held:
        yield Line(text=each.text, style="yellow")
        if each.hint:
            yield Line(text=f"  {each.hint}")


def _held(rollout: Rollout, names: Iterable[str], session: Session) -> Held:
    hint = next_step(rollout, session)
    return Held(rollout=rollout, stack_sets=tuple(sorted(set(names))), hint=hint)
