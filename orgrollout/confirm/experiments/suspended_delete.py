"""A suspended account: what takes its stack instance off the list?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SUSPENDED_CALLS, Trial
from orgrollout.confirm.steps import CannotTellError, Steps

TITLE = "suspended-delete"
_GONE = "StackInstanceNotFound"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin_suspended()
    if (yield from _gone(trial)):
        raise CannotTellError("there is no stack instance in the suspended account")
    if (yield from _goes(trial, retain=False)):
        return Answer(value="remove_record", because="it was gone after a deletion of stacks")
    if (yield from _goes(trial, retain=True)):
        return Answer(value="with_retain", because="it was gone only after RetainStacks")
    return Answer(value="skip", because="it was there after RetainStacks, too")


def _goes(trial: Trial, *, retain: bool) -> Steps[bool]:
    """Return whether a deletion takes it off the list.

    Raises:
        CannotTellError: It is still there, and the deletion has not succeeded.
    """
    sent = {**trial.targets(trial.skipped), "RetainStacks": retain}
    id_ = yield from trial.start("DeleteStackInstances", sent)
    status = yield from trial.ended(id_)
    if (yield from _gone(trial)):
        return True
    if status != "SUCCEEDED":
        raise CannotTellError(f"the deletion that left it there is {status}")
    return False


def _gone(trial: Trial) -> Steps[bool]:
    response = yield trial.described(trial.skipped, "StackInstance.Status")
    if response.is_refused and not response.code.startswith(_GONE):
        raise CannotTellError(f"DescribeStackInstance failed: {response.code}")
    return response.is_refused


EXPERIMENT = Experiment(
    name="suspended_delete",
    title=TITLE,
    question="Does DeleteStackInstances take the stack instance of a suspended account off the "
    "list, with or without RetainStacks?",
    under={
        "with_retain": "`guards: {detach_suspended: true}` takes such stack instances off the list",
        "skip": "`guards: {detach_suspended: true}` cannot take such stack instances off the list: "
        "leave it at false",
        "remove_record": "`guards: {detach_suspended: true}` takes such stack instances off the "
        "list",
    },
    needs=frozenset({Need.SUSPENDED}),
    makes=("a stack set", "a stack instance without a stack in the suspended account"),
    calls=SUSPENDED_CALLS | {"DeleteStackInstances", "DescribeStackInstance"},
    takes=timedelta(minutes=6),
    run=_run,
)
