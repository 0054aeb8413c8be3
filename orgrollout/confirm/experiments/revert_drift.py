"""Are change sets of mode REVERT_DRIFT allowed on the stack of a stack instance?"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.member_stack import change_set, ended
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps
from orgrollout.confirm.template import PARAMETER

TITLE = "revert"
_MADE = "CREATE_COMPLETE"
_OF_THE_MODE = re.compile(r"REVERT_DRIFT|deployment ?mode", re.IGNORECASE)


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    stack = yield from trial.stack(ground.here)
    # A change set without a change is FAILED, whatever its mode.
    changed = [
        {"ParameterKey": "Name", "UsePreviousValue": True},
        {"ParameterKey": "Value", "ParameterValue": "second"},
    ]
    names = plain, reverting = (f"{trial.name}-plain", f"{trial.name}-revert")
    modes: tuple[dict[str, str], ...] = ({}, {"DeploymentMode": "REVERT_DRIFT"})
    calls = [
        change_set(stack, name, ground.here, Parameters=changed, **mode)
        for name, mode in zip(names, modes, strict=True)
    ]
    # Where a plain one is refused or FAILED too, it is not about the mode.
    allowed = yield calls[0]
    if allowed.is_refused:
        raise CannotTellError(f"a plain change set was refused with {allowed.code}")
    made = yield from ended(plain, ground.here, stack)
    if made.get("Status") != _MADE:
        raise CannotTellError(f"a plain change set is {made.get('Status')}")
    asked_for = yield calls[1]
    if asked_for.code == "ValidationError":
        return Answer(value=False, because="such a change set was refused, and a plain one was not")
    if asked_for.is_refused:
        raise CannotTellError(f"such a change set was refused with {asked_for.code}")
    return _answer((yield from ended(reverting, ground.here, stack)))


def _answer(made: Mapping[str, Any]) -> Answer:
    """Return the answer by a change set of the mode, where a plain one was made.

    Raises:
        CannotTellError: It was not made, and its reason does not speak of the mode.
    """
    status = made.get("Status")
    if status == _MADE:
        return Answer(value=True, because="such a change set was made")
    if status == "FAILED" and _OF_THE_MODE.search(str(made.get("StatusReason"))):
        return Answer(value=False, because="such a change set is FAILED for its mode")
    raise CannotTellError(f"such a change set is {status}, and a plain one was made")


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
    member_calls=frozenset({"CreateChangeSet", "DescribeChangeSet"}),
    takes=timedelta(minutes=5),
    run=_run,
)
