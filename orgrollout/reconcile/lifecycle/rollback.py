"""Taking a rollout back, once: with what the journal knows of before."""

from contextlib import suppress
from functools import partial

from orgrollout.journal.port import Journal
from orgrollout.model.ids import Digest, RolloutId, StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.claims import owners
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError, OpenRolloutError
from orgrollout.reconcile.documents.rollouts import (
    Rollout,
    claims_of,
    has,
    holds,
    load_rollout,
    rollouts,
)
from orgrollout.reconcile.lifecycle.begin import NewerRolloutError, begin_rollout
from orgrollout.rollout.decide.operator_commands import WrongPhaseError
from orgrollout.rollout.rollback.previous_state import Before, EarlierStates
from orgrollout.rollout.rollback.rollback import rollback_plan
from orgrollout.rollout.state.view import RolloutView


def plan_rollback(rollout: Rollout, journal: Journal) -> Plan:
    """Return the plan that takes a rollout back: the one under way, where it has begun already.

    Raises:
        WrongPhaseError: It still runs, was superseded, or was taken back already.
        NothingToRollBackError: It updated nothing.
        NewerRolloutError: Another one has claimed its stack sets since.
    """
    state = rollout.state
    back = rollback_of(rollout, journal)
    if back is not None and not back.state.phase.is_over:
        return back.plan
    if back is not None and back.state.holds:
        raise WrongPhaseError(
            f"{back.state.id} takes {state.id} back already, and is {back.state.phase}; nothing "
            f"was changed. `orgrollout resume {back.state.id}` (or retry) goes on with it."
        )
    if not state.phase.is_over or state.in_flight:
        raise WrongPhaseError(
            f"{state.id} is {state.phase}; nothing was changed. Run `orgrollout stop {state.id}` "
            "first."
        )
    if state.superseded_by is not None:
        raise WrongPhaseError(
            f"{state.id} was superseded by {state.superseded_by}; take that one back instead."
        )
    plan = rollback_plan(RolloutView(rollout.plan, state), earlier_states(rollout.plan, journal))
    for stack_set, other in owners(journal, claims_of(plan), partial(holds, journal)).items():
        if other != state.id and has(journal, other, stack_set):
            raise NewerRolloutError(state.id, other, stack_set)
    return plan


def begin_rollback(rollout: Rollout, context: Context) -> Rollout:
    """Return the rollout that takes another one back, which then cannot go on any more.

    There is one at most: where another process has begun it, it is that one.
    """
    journal, name = context.journal, rollout.state.id
    current = load_rollout(journal, name)
    back = rollback_of(current, journal)
    if back is not None:
        return back
    plan = plan_rollback(current, journal)
    try:
        return begin_rollout(plan, context, takes_back=name)
    except (OpenRolloutError, NewerRolloutError):
        back = rollback_of(load_rollout(journal, name), journal)
        if back is None:
            raise
        return back


def rollback_if_ordered(rollout: RolloutId, context: Context) -> Rollout | None:
    """Return the rollout that takes another one back; None if it is not to be taken back now."""
    current = load_rollout(context.journal, rollout)
    if not current.state.undo:
        return None
    back = rollback_of(current, context.journal)
    if back is None and current.state.superseded_by is None:
        back = begin_rollback(current, context)
    return back


def rollback_of(rollout: Rollout, journal: Journal) -> Rollout | None:
    """Return the rollout that takes another one back, or has, if there is one.

    It may be recorded, and have all claims, before the other one is marked as superseded.
    """
    claimed = owners(journal, claims_of(rollout.plan), partial(holds, journal)).values()
    for other in filter(None, (rollout.state.superseded_by, *sorted(set(claimed)))):
        with suppress(NoSuchRolloutError):
            found = load_rollout(journal, other)
            if found.state.takes_back == rollout.state.id:
                return found
    return None


def earlier_states(plan: Plan, journal: Journal) -> EarlierStates:
    """Return what is behind every digest of a state that any plan of the journal knows."""
    found: dict[StackSetKey, dict[Digest, Before]] = {key: {} for key in plan.stack_sets}
    keys = {stack_set.name: key for key, stack_set in plan.stack_sets.items()}
    for known in (plan, *(rollout.plan for rollout in rollouts(journal))):
        for stack_set in known.stack_sets.values():
            key = keys.get(stack_set.name)
            if key is None:
                continue
            for definition in filter(None, (stack_set.definition, stack_set.deployed)):
                for overrides in ({}, *stack_set.parameter_sets.values()):
                    state = definition.state_digest(overrides)
                    found[key].setdefault(state, Before(definition, overrides))
            if stack_set.deployed is not None:
                for state, overrides in stack_set.described.items():
                    found[key][state] = Before(stack_set.deployed, overrides)
    return found
