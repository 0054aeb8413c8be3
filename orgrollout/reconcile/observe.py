"""Reading what is deployed, in as few calls as tell the truth."""

from collections.abc import Callable, Iterable, Mapping

from orgrollout.aws.stack_set_reads import StackSetReads
from orgrollout.inventory.inventory import (
    Inventory,
    StackSetInventory,
    open_questions,
    with_answers,
)
from orgrollout.model.ids import OperationId, Pair, StackSetName
from orgrollout.model.stack_set import DeployedStackSet, StackInstance
from orgrollout.organization.desired import Desired

Progress = Callable[[str], None]
_MANY = 200  # describes; announced beforehand, since they take minutes


def read_inventory(
    reads: StackSetReads, manifest: str, desired: Iterable[Desired], progress: Progress
) -> Inventory:
    """Return what exists of the stack sets that are desired, and which of ours no longer are."""
    wanted = {d.name: d for d in desired}
    listed = {row.name for row in reads.list_stack_sets()}
    found: dict[StackSetName, StackSetInventory] = {}
    for name in wanted.keys() & listed:
        progress(f"reading {name}")
        deployed = reads.describe(name)
        if deployed is not None:
            found[name] = _read(reads, deployed, wanted[name], progress)
    candidates = sorted(n for n in listed - wanted.keys() if n.startswith(f"{manifest}-"))
    orphaned = tuple(name for name in candidates if _is_owned(reads, name, manifest))
    return Inventory(stack_sets=found, orphaned=orphaned)


def _read(
    reads: StackSetReads, deployed: DeployedStackSet, desired: Desired, progress: Progress
) -> StackSetInventory:
    instances: Mapping[Pair, StackInstance] = {i.pair: i for i in reads.instances(deployed.name)}
    states = {
        key: desired.definition.state_digest(overrides)
        for key, overrides in desired.parameter_sets.items()
    }
    questions = open_questions(instances, {p: states[s] for p, s in desired.pairs.items()})
    if len(questions.describe) > _MANY:
        progress(
            f"{deployed.name}: describing {len(questions.describe):,} stack instances whose last "
            "operation was not ours; CloudFormation answers about two a second"
        )
    described = (reads.describe_instance(deployed.name, pair) for pair in questions.describe)
    return with_answers(
        StackSetInventory(
            deployed=deployed,
            instances=instances,
            unapplied=frozenset(_unapplied(reads, deployed.name, questions.results)),
            running=_running(reads, deployed.name, instances.values()),
        ),
        [instance for instance in described if instance is not None],
    )


def _unapplied(
    reads: StackSetReads, name: StackSetName, operations: Iterable[OperationId]
) -> Iterable[tuple[OperationId, Pair]]:
    for operation in operations:
        for result in reads.failed_results(name, operation):
            yield operation, result.pair


def _running(
    reads: StackSetReads, name: StackSetName, instances: Iterable[StackInstance]
) -> tuple[OperationId, ...]:
    """Return the operations under way, asked for only where an instance looks unfinished."""
    if all(i.detailed_status not in {"PENDING", "RUNNING"} for i in instances):
        return ()
    return tuple(o.id for o in reads.operations(name) if not o.status.is_terminal)


def _is_owned(reads: StackSetReads, name: StackSetName, manifest: str) -> bool:
    deployed = reads.describe(name)
    return deployed is not None and deployed.owner == manifest
