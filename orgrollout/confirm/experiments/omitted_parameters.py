"""UpdateStackSet without Parameters: are the values kept, or back at the template's defaults?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import Trial
from orgrollout.confirm.steps import CannotTellError, Steps, asked

TITLE = "parameters"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(value="changed")
    yield from trial.update({})
    response = yield from asked(trial.call("DescribeStackSet", {}, "StackSet.Parameters"))
    values = {p["ParameterKey"]: p for p in response.body["StackSet"].get("Parameters") or ()}
    match values.get("Value", {}).get("ParameterValue"):
        case "changed":
            return Answer(value="keep", because="the value that was set before is still there")
        case None | "default":  # the stack set has none of its own, or the template's
            return Answer(value="default", because="the value that was set before is gone")
        case _:
            raise CannotTellError("the parameter has another value")


EXPERIMENT = Experiment(
    name="omitted_parameters",
    title=TITLE,
    question="Does UpdateStackSet keep the parameters that it is sent without?",
    under={
        "keep": "with `updates_by: update_stack_set`, operations after the first leave parameters "
        "out, and the values stay",
        "default": "leave `updates_by` at its default: with update_stack_set, operations after the "
        "first leave parameters out, and the rollout halts before the next one",
    },
    makes=("a stack set without stack instances",),
    calls=frozenset(
        {"CreateStackSet", "DescribeStackSet", "DescribeStackSetOperation", "UpdateStackSet"}
    ),
    takes=timedelta(minutes=2),
    run=_run,
)
