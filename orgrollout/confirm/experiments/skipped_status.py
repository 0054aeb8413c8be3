"""A suspended account: which status has a stack instance there?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SUSPENDED_CALLS, Trial
from orgrollout.confirm.steps import CannotTellError, Steps

TITLE = "suspended-status"
_KNOWN = ("OUTDATED", "CURRENT")


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin_suspended()
    found = yield from trial.instance(trial.skipped, "Status", "StackInstanceStatus.DetailedStatus")
    if (status := found.get("Status")) not in _KNOWN:
        raise CannotTellError("the stack instance has a status that was not expected")
    return Answer(value=str(status), because="the stack instance of the suspended account has it")


EXPERIMENT = Experiment(
    name="skipped_status",
    title=TITLE,
    question="Which status has a stack instance in a suspended account?",
    under=dict.fromkeys(
        _KNOWN, "nothing relies on it: coverage shows suspended accounts as skipped"
    ),
    needs=frozenset({Need.SUSPENDED}),
    makes=("a stack set", "a stack instance without a stack in the suspended account"),
    calls=SUSPENDED_CALLS | {"DescribeStackInstance"},
    takes=timedelta(minutes=4),
    run=_run,
)
