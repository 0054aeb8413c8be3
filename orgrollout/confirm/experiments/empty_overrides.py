"""UpdateStackInstances with an empty list of overrides: are those there were gone?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps
from orgrollout.confirm.template import PARAMETER

TITLE = "no-overrides"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    for values in (trial.parameters(Value="second"), []):
        sent = {**trial.targets(ground.here), "ParameterOverrides": values}
        yield from trial.done("UpdateStackInstances", sent)
        found = yield from trial.overridden(ground.here)
        if values and found != "second":
            raise CannotTellError("the stack instance has no overrides after they were sent")
    if found is None:
        return Answer(value="reset", because="the stack instance has no overrides afterwards")
    return Answer(value="keep", because="the stack instance has its overrides still")


EXPERIMENT = Experiment(
    name="empty_overrides",
    title=TITLE,
    question="Does UpdateStackInstances with an empty list of overrides reset all of them?",
    under={
        "reset": "overrides that a manifest no longer has are reset",
        "keep": "overrides that a manifest no longer has stay, and the next plan shows them",
    },
    makes=("a stack set", f"a stack with {PARAMETER}"),
    calls=SET_UP | {"UpdateStackInstances"},
    takes=timedelta(minutes=6),
    run=_run,
)
