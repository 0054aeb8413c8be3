"""DetectStackSetDrift on a stack set without stack instances: an operation, or an error?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import Trial
from orgrollout.confirm.steps import CannotTellError, Steps

TITLE = "nothing-to-detect"
_REFUSALS = ("ValidationError", "InvalidOperation")


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.make()
    id_ = trial.next_id()
    response = yield trial.call("DetectStackSetDrift", {"OperationId": id_})
    if not response.is_refused:
        yield from trial.succeeded(id_)
        return Answer(value="operation", because="an operation began, and has succeeded")
    if response.code.startswith(_REFUSALS):
        return Answer(value="refused", because=f"it was refused with {response.code}")
    raise CannotTellError(f"DetectStackSetDrift failed: {response.code}")


EXPERIMENT = Experiment(
    name="detection_without_instances",
    title=TITLE,
    question="What does DetectStackSetDrift do on a stack set without stack instances?",
    under={
        "operation": "`drift --detect` finds nothing there, and goes on",
        "refused": "`drift --detect` ends with that error: leave such a stack set out with "
        "`--stack-set` until it has stack instances",
    },
    makes=("a stack set without stack instances",),
    calls=frozenset({"CreateStackSet", "DescribeStackSetOperation", "DetectStackSetDrift"}),
    takes=timedelta(minutes=2),
    run=_run,
)
