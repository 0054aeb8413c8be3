"""A stopped operation: what reason do the results have that it cancelled?"""

from datetime import timedelta

from orgrollout.confirm.evidence import redacted
from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, asked
from orgrollout.confirm.template import PARAMETER

TITLE = "stop"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.make()
    id_ = yield from trial.start(
        "CreateStackInstances",
        {
            **trial.targets(ground.here, ground.there),
            "OperationPreferences": {"RegionConcurrencyType": "SEQUENTIAL"},
        },
    )
    yield from asked(trial.call("StopStackSetOperation", {"OperationId": id_}))
    status = yield from trial.ended(id_)
    if status != "STOPPED":
        raise CannotTellError(f"the operation that was stopped is {status}")
    cancelled = [r for r in (yield from trial.results(id_)) if r.get("Status") == "CANCELLED"]
    if not cancelled:
        raise CannotTellError("no result of the stopped operation is CANCELLED")
    reason = redacted(str(cancelled[0].get("StatusReason") or ""))
    return Answer(value=reason, because="a cancelled result says so")


_UNDER = "nothing relies on it: that a result is cancelled is told by its status"
EXPERIMENT = Experiment(
    name="stop_reason",
    title=TITLE,
    question="What reason do the results have that StopStackSetOperation cancels?",
    under={"Cancelled since the operation was stopped": _UNDER, "": _UNDER},
    otherwise=_UNDER,
    makes=("a stack set", f"one or two stacks with {PARAMETER} each"),
    calls=SET_UP - {"DescribeStackInstance"}
    | {"ListStackSetOperationResults", "StopStackSetOperation"},
    takes=timedelta(minutes=6),
    run=_run,
)
