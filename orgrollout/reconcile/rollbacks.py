"""Taking a rollout back: with what the journal knows of before."""

from orgrollout.journal.port import Journal
from orgrollout.model.ids import Digest, StackSetKey
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.begin import begin_rollout
from orgrollout.reconcile.rollouts import Rollout, give_order, rollouts
from orgrollout.reconcile.world import World
from orgrollout.rollout import orders
from orgrollout.rollout.before import Before, EarlierStates
from orgrollout.rollout.orders import WrongPhaseError
from orgrollout.rollout.rollback import rollback_plan


def plan_rollback(rollout: Rollout, journal: Journal) -> Plan:
    """Return the plan that takes a rollout back.

    Raises:
        WrongPhaseError: It still runs.
        NothingToRollBackError: It updated nothing.
    """
    state = rollout.state
    if not state.phase.is_over or state.flights:
        raise WrongPhaseError(
            f"{state.id} is {state.phase}; nothing was changed. Run `orgrollout stop {state.id}` "
            "first."
        )
    if state.superseded_by is not None:
        raise WrongPhaseError(
            f"{state.id} was superseded by {state.superseded_by}; take that one back instead."
        )
    return rollback_plan(rollout.plan, state, earlier_states(rollout.plan, journal))


def begin_rollback(rollout: Rollout, world: World) -> Rollout:
    """Begin the rollout that takes another one back, which then cannot go on any more."""
    back = begin_rollout(plan_rollback(rollout, world.journal), world, supersede=True)
    by, said = back.state.id, world.said(f"taken back by {back.state.id}")
    give_order(
        world.journal, rollout.state.id, lambda r: orders.supersede(r.state, by, said.at), said
    )
    return back


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
