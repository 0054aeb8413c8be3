"""The same request under the same OperationId: an answer as before, or an error?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, asked
from orgrollout.confirm.template import PARAMETER

TITLE = "operation-id"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin()
    id_ = trial.next_id()
    sent = {"OperationId": id_, **trial.targets(ground.here)}
    yield from asked(trial.call("CreateStackInstances", sent))
    yield from trial.succeeded(id_)
    again = yield trial.call("CreateStackInstances", sent, "OperationId")
    if again.code.startswith("OperationIdAlreadyExists"):
        return Answer(value="raise", because=f"the second request was refused with {again.code}")
    if again.is_refused:
        raise CannotTellError(f"the second request was refused with {again.code}")
    if again.body.get("OperationId") != id_:
        raise CannotTellError("the second request was answered with another operation")
    return Answer(value="return", because="the second request was answered with the same operation")


EXPERIMENT = Experiment(
    name="duplicate_operation_id",
    title=TITLE,
    question="What does a request that is sent again under its OperationId get?",
    under={
        "return": "a request that is sent again goes on with the operation that runs",
        "raise": "the error stands for the operation that runs, which is then followed",
    },
    makes=("a stack set", f"a stack with {PARAMETER}"),
    calls=SET_UP,
    takes=timedelta(minutes=4),
    run=_run,
)
