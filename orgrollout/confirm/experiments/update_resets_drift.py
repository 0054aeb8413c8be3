"""Does an update that succeeds set the drift status of a stack instance back?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps
from orgrollout.confirm.template import PARAMETER

TITLE = "drift-status"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    yield from trial.done("DetectStackSetDrift", {})
    before = yield from trial.instance(ground.here, "DriftStatus")
    if before.get("DriftStatus") != "IN_SYNC":
        raise CannotTellError("a new stack is not IN_SYNC after a drift detection")
    overrides = {"ParameterOverrides": trial.parameters(Value="second")}
    yield from trial.done("UpdateStackInstances", {**trial.targets(ground.here), **overrides})
    match (yield from trial.instance(ground.here, "DriftStatus")).get("DriftStatus"):
        case "IN_SYNC":
            return Answer(value=False, because="it is IN_SYNC as before")
        case "NOT_CHECKED":
            return Answer(value=True, because="it is NOT_CHECKED afterwards")
        case _:
            raise CannotTellError("the drift status afterwards is neither of both")


EXPERIMENT = Experiment(
    name="update_resets_drift",
    title=TITLE,
    question="Does an update set the drift status of a stack instance to NOT_CHECKED?",
    under={
        False: "coverage shows what the last detection found, also after an update",
        True: "coverage shows an updated stack instance as not checked until the next detection",
    },
    makes=("a stack set", f"a stack with {PARAMETER}"),
    calls=SET_UP | {"DetectStackSetDrift", "UpdateStackInstances"},
    takes=timedelta(minutes=6),
    run=_run,
)
