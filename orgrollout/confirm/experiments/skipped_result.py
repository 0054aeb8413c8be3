"""A suspended account: which status has the result of an operation that skips it?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SUSPENDED_CALLS, Trial
from orgrollout.confirm.steps import CannotTellError, Steps

TITLE = "suspended-result"
_KNOWN = ("CANCELLED", "SUCCEEDED", "FAILED")


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    id_ = yield from trial.begin_suspended()
    results = yield from trial.results(id_)
    if not results:
        raise CannotTellError("the operation has no result for the suspended account")
    if (status := results[0].get("Status")) not in _KNOWN:
        raise CannotTellError("the result has a status that was not expected")
    return Answer(value=str(status), because="the result for the suspended account has it")


EXPERIMENT = Experiment(
    name="skipped_result",
    title=TITLE,
    question="Which status has the result of an operation in a suspended account?",
    under=dict.fromkeys(_KNOWN, "nothing relies on it: a plan leaves suspended accounts alone"),
    needs=frozenset({Need.SUSPENDED}),
    makes=("a stack set", "a stack instance without a stack in the suspended account"),
    calls=SUSPENDED_CALLS | {"ListStackSetOperationResults"},
    takes=timedelta(minutes=4),
    run=_run,
)
