"""What remains of a change set that was executed: by its name, by its ARN, or nothing?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment, Need
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.member_stack import change_set, described, execute, updated
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, asked
from orgrollout.confirm.template import PARAMETER

TITLE = "change-set"
_GONE = ("ChangeSetNotFound", "ChangeSetNotFoundException")


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here)
    stack = yield from trial.stack(ground.here)
    name = f"{trial.name}-set"
    changed = [
        {"ParameterKey": "Name", "UsePreviousValue": True},
        {"ParameterKey": "Value", "ParameterValue": "second"},
    ]
    made = yield from asked(change_set(stack, name, ground.here, Parameters=changed))
    yield from execute(stack, name, ground.here)
    yield from updated(stack, ground.here)
    by_name = yield described(name, ground.here, stack)
    by_arn = yield described(str(made.body["Id"]), ground.here)
    for each in (by_name, by_arn):
        if each.is_refused and each.code not in _GONE:
            raise CannotTellError(f"DescribeChangeSet was refused with {each.code}")
    match (by_name.is_refused, by_arn.is_refused):
        case (False, _):
            return Answer(value="kept", because="it is described by its name")
        case (True, False):
            return Answer(value="by_arn", because="it is gone by its name, and there by its ARN")
        case _:
            return Answer(value="gone", because="it is gone by its name and by its ARN")


EXPERIMENT = Experiment(
    name="executed_change_set",
    title=TITLE,
    question="Can a change set be described after it was executed?",
    under={
        "by_arn": "nothing relies on it: a repair goes by the change set that the stack names",
        "kept": "nothing relies on it: a repair goes by the change set that the stack names",
        "gone": "nothing relies on it: a repair goes by the change set that the stack names",
    },
    needs=frozenset({Need.ROLE}),
    makes=("a stack set", f"a stack with {PARAMETER}", "a change set that is executed on it"),
    calls=SET_UP,
    member_calls=frozenset(
        {"CreateChangeSet", "DescribeChangeSet", "DescribeStacks", "ExecuteChangeSet"}
    ),
    takes=timedelta(minutes=6),
    run=_run,
)
