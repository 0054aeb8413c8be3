"""Managed execution: does an operation on other stack instances run at once, or is it queued?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import LONGEST, SET_UP, UNDER_WAY, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, Wait
from orgrollout.confirm.template import PARAMETER

TITLE = "side-by-side"
_RUNS = "RUNNING"
_LOOKS = 3
_LOOK_EVERY = timedelta(seconds=2)  # an operation on one stack may be short


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here, ground.there, managed=True)
    overrides = {"ParameterOverrides": trial.parameters(Value="second")}
    started = []
    for pair in (ground.here, ground.there):
        sent = {**trial.targets(pair), **overrides}
        started.append((yield from trial.start("UpdateStackInstances", sent)))
    first, second = started
    return (yield from _watched(trial, first, second))


def _watched(trial: Trial, first: str, second: str) -> Steps[Answer]:
    """Look at both until they run at the same time, or until the first one is over."""
    queued, waited = 0, timedelta()
    led = yield from trial.status(first)
    while True:
        follows = yield from trial.status(second)
        leads = yield from trial.status(first)
        if led == follows == leads == _RUNS:  # the first ran before and after the look
            yield from trial.succeeded(second)
            return Answer(value="same_instances", because="both ran at the same time")
        if leads not in UNDER_WAY:
            break
        if waited >= LONGEST:
            raise CannotTellError(f"the first operation has been {leads} for {LONGEST}")
        queued += follows == "QUEUED" and leads == _RUNS
        led = leads
        yield Wait(span=_LOOK_EVERY)
        waited += _LOOK_EVERY
    # Any operation is queued for a moment, with managed execution.
    if queued < _LOOKS:
        raise CannotTellError("the first operation was over before both were seen to run")
    yield from trial.succeeded(second)
    return Answer(value="any", because="the second was QUEUED until the first was over")


EXPERIMENT = Experiment(
    name="conflicting_operations",
    title=TITLE,
    question="Under managed execution, do two operations on different stack instances of one "
    "stack set run side by side?",
    under={
        "same_instances": "with `managed_execution`, operations of a stack set that share no stack "
        "instance run side by side",
        "any": "with `managed_execution`, CloudFormation queues them: a rollout takes longer, and "
        "is as safe",
    },
    makes=("a stack set", f"two stacks with {PARAMETER} each"),
    calls=SET_UP | {"UpdateStackInstances"},
    takes=timedelta(minutes=7),
    run=_run,
)
