"""UpdateStackInstances on an OUTDATED stack instance: which definition does its stack get?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.member_stack import described_stack, values_in
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, member
from orgrollout.confirm.template import PARAMETER, SECOND

TITLE = "definition"
_VALUES = ("first", "second")
_OUTPUTS = (None, "second")
# Half of a definition is not the current one: only UpdateStackSet brings all of it.
_ANSWERS = {  # by whether the value is the new one, and whether the template is
    (True, True): Answer(value="current", because="the stack has the new template and value"),
    (True, False): Answer(value="previous", because="the stack has the old template still"),
    (False, True): Answer(value="previous", because="the stack has the old value still"),
    (False, False): Answer(value="previous", because="the stack has the old template and value"),
}


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here, ground.there)
    values = trial.parameters(Name=trial.name, Value="second")
    changed = {"TemplateBody": SECOND, "Parameters": values}
    # One of two stack instances carries the new definition, as a rollout sends it.
    yield from trial.update({**changed, **trial.targets(ground.here)})
    yield from trial.done("UpdateStackInstances", trial.targets(ground.there))
    stack = yield from trial.stack(ground.there)
    shown = "Outputs.0.OutputValue"
    found = yield from described_stack(stack, ground.there, shown)
    value, output = values_in(found).get("Value"), member(found, shown)
    if value not in _VALUES or output not in _OUTPUTS:
        raise CannotTellError("the stack has neither the old definition nor the new one")
    return _ANSWERS[value == "second", output == "second"]


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
