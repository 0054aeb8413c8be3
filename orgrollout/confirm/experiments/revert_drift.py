"""Are change sets of mode REVERT_DRIFT allowed on the stack of a stack instance?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.member_stack import change_set
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps
from orgrollout.confirm.template import PARAMETER

TITLE = "revert"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    stack = yield from trial.stack(ground.here)
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in ("Name", "Value")]
    plain = change_set(stack, f"{trial.name}-plain", ground.here, Parameters=kept)
    reverting = change_set(
        stack, f"{trial.name}-revert", ground.here, Parameters=kept, DeploymentMode="REVERT_DRIFT"
    )
    # Where a plain one is refused too, the refusal is not about the mode.
    allowed = yield plain
    if allowed.is_refused:
        raise CannotTellError(f"a plain change set was refused with {allowed.code}")
    asked_for = yield reverting
    if not asked_for.is_refused:
        return Answer(value=True, because="such a change set was accepted")
    if asked_for.code != "ValidationError":
        raise CannotTellError(f"such a change set was refused with {asked_for.code}")
    return Answer(value=False, because="such a change set was refused, and a plain one was not")


EXPERIMENT = Experiment(
    name="revert_drift_on_stack_set_stacks",
    title=TITLE,
    question="Are REVERT_DRIFT change sets allowed on stacks of a stack set?",
    under={
        True: "`resync` repairs drift by change sets that revert it",
        False: "`resync` reports each such repair as refused; an update that changes the resource "
        "repairs it",
    },
    needs=frozenset({Need.ROLE}),
    makes=("a stack set", f"a stack with {PARAMETER}", "two change sets that are not executed"),
    calls=SET_UP,
    member_calls=frozenset({"CreateChangeSet"}),
    takes=timedelta(minutes=5),
    run=_run,
)
