"""Looking at what a rollout waits for, in as few calls as tell the truth."""

from collections.abc import Iterable

from orgrollout.aws.alarms import alarm_state
from orgrollout.model.ids import OperationId, RolloutId, StackSetName
from orgrollout.model.stack_set import StackInstance
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.locks.concurrent_rollout import concurrent_rollouts
from orgrollout.reconcile.member_accounts.repairs import observe_repairs
from orgrollout.reconcile.reading.inventory_cache import list_and_remember
from orgrollout.reconcile.tick.poll_operations import look_at_operations
from orgrollout.rollout.state.decision import ObservationRequest, Observations


def observe(
    rollout: RolloutId, plan: Plan, what: ObservationRequest, context: Context, *, patient: bool
) -> Observations:
    """Return what is to be seen; operations patiently, not before they may have got on.

    Each stack set is described once, whatever is asked of it.
    """
    names = {key: stack_set.name for key, stack_set in plan.stack_sets.items()}
    listed = {key: list_and_remember(context, names[key]) for key in what.instances}
    instances = {key: found.instances if found else {} for key, found in listed.items()}
    operations = look_at_operations(
        {operation: names[key] for operation, key in what.operations.items()},
        context,
        patient=patient,
    )
    again = {key for id_, key in what.if_unknown.items() if operations[id_].is_to_be_sent}
    described = {key: found.deployed if found else None for key, found in listed.items()} | {
        key: context.stack_sets.describe(names[key])
        for key in sorted((what.existing | what.definitions | again) - listed.keys())
    }
    return Observations(
        operations=operations,
        member_accounts={
            each.id: observe_repairs(each, plan, context) for each in what.member_accounts
        },
        existing={key: described[key] is not None for key in what.existing},
        instances=instances,
        definitions={
            key: found.definition if found else None
            for key, found in described.items()
            if key in what.definitions | again and (found or key not in what.existing)
        },
        actions={
            operation: _action_of(names[key], operation, context)
            for key, found in instances.items()
            for operation in _of_others(rollout, found.values())
        },
        concurrent=concurrent_rollouts(context.journal, plan, what.concurrent),
        alarm=alarm_state(context.connection, what.alarm) if what.alarm else None,
    )


def _of_others(rollout: RolloutId, found: Iterable[StackInstance]) -> set[OperationId]:
    """Return the last operations of stack instances that are not of this rollout."""
    last = {instance.last_operation for instance in found if instance.last_operation}
    return {operation for operation in last if not operation.startswith(f"or-{rollout}-")}


def _action_of(name: StackSetName, operation: OperationId, context: Context) -> str:
    found = context.stack_sets.describe_operation(name, operation)
    return found.action if found else ""
