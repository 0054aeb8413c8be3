"""When new overrides show: as the operation starts, or once the stack instance has them?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, asked
from orgrollout.confirm.template import PARAMETER

TITLE = "overrides"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    id_ = trial.next_id()
    overrides = {"ParameterOverrides": trial.parameters(Value="second")}
    sent = {"OperationId": id_, **trial.targets(ground.here), **overrides}
    yield from asked(trial.call("UpdateStackInstances", sent))
    meanwhile = yield from trial.overridden(ground.here)
    status = yield from trial.status(id_)  # afterwards: what was seen is of before its end
    yield from trial.succeeded(id_)
    if (yield from trial.overridden(ground.here)) != "second":
        raise CannotTellError("the overrides do not show after the operation either")
    if meanwhile == "second" and status == "SUCCEEDED":
        raise CannotTellError("the operation was over before it could be looked at")
    if meanwhile == "second":
        return Answer(value="at_start", because="they showed while the operation was running")
    return Answer(value="at_success", because="they showed only when the operation was over")


EXPERIMENT = Experiment(
    name="overrides_stored",
    title=TITLE,
    question="When does DescribeStackInstance show overrides that were sent?",
    under={
        "at_start": "nothing relies on it: overrides are compared when no operation is running",
        "at_success": "nothing relies on it: overrides are compared when no operation is running",
    },
    makes=("a stack set", f"a stack with {PARAMETER}"),
    calls=SET_UP | {"UpdateStackInstances"},
    takes=timedelta(minutes=5),
    run=_run,
)
