"""Which stack instances have posture checks, which checks those are, and what looking takes."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from orgrollout.drift.posture_checks import checks_for, needs_stack
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.template import Template
from orgrollout.model.ids import Digest, Pair, StackSetKey, StackSetName
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.registry import CHECKS
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.reading.plan_request import Picture

Chosen = Callable[[StackSetKey, Pair], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A stack set that has checks, and the stack instances to look at."""

    desired: DesiredStackSet
    template: Template
    stacks: Mapping[Pair, str | None]  # their ids, as far as a check needs to know them


def tasks_of(
    loaded: LoadedManifest, picture: Picture, context: Context, chosen: Chosen | None
) -> Iterator[Task]:
    """Yield the stack sets that exist and have checks, with the stack instances that are meant."""
    for key, desired in picture.desired.stack_sets.items():
        inventory = picture.inventory.stack_sets.get(desired.name)
        template = loaded.templates.get(key)
        if inventory is None or template is None or not template.metadata.posture:
            continue
        stacks = {
            pair: instance.stack_id
            for pair, instance in inventory.instances.items()
            if pair in desired.pairs and (chosen is None or chosen(key, pair))
        }
        needed = any(needs_stack(check.name) for check in template.metadata.posture)
        if needed and None in stacks.values():
            stacks = _with_ids(stacks, desired.name, context)
        yield Task(desired=desired, template=template, stacks=stacks)


def _with_ids(
    stacks: Mapping[Pair, str | None], name: StackSetName, context: Context
) -> dict[Pair, str | None]:
    """Return the ids of stacks as CloudFormation lists them now; what is remembered has none."""
    listed = {each.pair: each.stack_id for each in context.stack_sets.instances(name)}
    return {pair: listed.get(pair, stack) for pair, stack in stacks.items()}


def calls_of(task: Task) -> int:
    """Return about how many calls looking takes: which checks hold is a matter of parameters."""
    same: dict[Digest, list[Pair]] = defaultdict(list)
    for pair in task.stacks:
        same[task.desired.pairs[pair]].append(pair)
    return sum(
        len(pairs) * sum(CHECKS[check.name].calls for check in checks_of(task, pairs[0]))
        for pairs in same.values()
    )


def checks_of(task: Task, pair: Pair) -> Iterator[PostureCheck]:
    """Yield the checks that hold for a stack instance, with its own parameters."""
    desired = task.desired
    overrides = desired.parameter_sets[desired.pairs[pair]]
    parameters = {**desired.definition.parameters, **overrides}
    return checks_for(task.template, parameters, pair, task.stacks[pair])
