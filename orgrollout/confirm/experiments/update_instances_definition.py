"""UpdateStackInstances on an OUTDATED stack instance: which definition does its stack get?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.member_stack import values_of
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps
from orgrollout.confirm.template import PARAMETER

TITLE = "definition"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here, ground.there)
    changed = {"Parameters": trial.parameters(Name=trial.name, Value="second")}
    # One of two stack instances carries the new definition, as a rollout sends it.
    yield from trial.update({**changed, **trial.targets(ground.here)})
    yield from trial.done("UpdateStackInstances", trial.targets(ground.there))
    stack = yield from trial.stack(ground.there)
    match (yield from values_of(stack, ground.there)).get("Value"):
        case "second":
            return Answer(value="current", because="the stack has the new value")
        case "first":
            return Answer(value="previous", because="the stack has the old value still")
        case _:
            raise CannotTellError("the stack has neither the old value nor the new one")


EXPERIMENT = Experiment(
    name="update_instances_definition",
    title=TITLE,
    question="Does UpdateStackInstances apply the definition that an UpdateStackSet to other "
    "stack instances has stored?",
    under={
        "current": "later waves of a rollout are updated by UpdateStackInstances",
        "previous": "every wave is updated by UpdateStackSet where the manifest names the file "
        "(`behaviour:`); else give `rollout: {updates_by: update_stack_set}`",
    },
    needs=frozenset({Need.ROLE}),
    makes=("a stack set", f"two stacks with {PARAMETER} each"),
    calls=SET_UP | {"UpdateStackInstances", "UpdateStackSet"},
    member_calls=frozenset({"DescribeStacks"}),
    takes=timedelta(minutes=8),
    run=_run,
)
