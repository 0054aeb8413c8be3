"""CreateStackInstances with overrides on a stack instance that is CURRENT: are they applied?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps
from orgrollout.confirm.template import PARAMETER

TITLE = "create-again"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    overrides = {"ParameterOverrides": trial.parameters(Value="second")}
    yield from trial.done("CreateStackInstances", {**trial.targets(ground.here), **overrides})
    match (yield from trial.overridden(ground.here)):
        case None:
            return Answer(value="skip", because="the stack instance has no overrides afterwards")
        case "second":
            return Answer(value="apply_overrides", because="the stack instance has the overrides")
        case _:
            raise CannotTellError("the stack instance has overrides that were not sent")


EXPERIMENT = Experiment(
    name="create_on_current",
    title=TITLE,
    question="Does CreateStackInstances bring overrides to a stack instance that is CURRENT?",
    under={
        "skip": "nothing relies on it: overrides of existing stack instances are sent with "
        "UpdateStackInstances",
        "apply_overrides": "nothing relies on it: overrides of existing stack instances are sent "
        "with UpdateStackInstances",
    },
    makes=("a stack set", f"a stack with {PARAMETER}"),
    calls=SET_UP,
    takes=timedelta(minutes=5),
    run=_run,
)
