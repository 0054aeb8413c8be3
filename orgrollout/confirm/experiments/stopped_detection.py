"""A drift detection that is stopped: is it the last operation of what it did not reach?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, asked
from orgrollout.confirm.template import PARAMETER
from orgrollout.model.ids import AccountId, Pair, Region

TITLE = "stopped-detection"


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.begin(ground.here, ground.there)
    one_by_one = {"OperationPreferences": {"RegionConcurrencyType": "SEQUENTIAL"}}
    id_ = yield from trial.start("DetectStackSetDrift", one_by_one)
    yield from asked(trial.call("StopStackSetOperation", {"OperationId": id_}))
    yield from trial.ended(id_)
    left = [r for r in (yield from trial.results(id_)) if r.get("Status") == "CANCELLED"]
    if not left:
        raise CannotTellError("the detection was stopped too late: no result is CANCELLED")
    pair = Pair(AccountId(left[0]["Account"]), Region(left[0]["Region"]))
    found = yield from trial.instance(pair, "LastOperationId")
    if found.get("LastOperationId") == id_:
        return Answer(value="overwrites", because="it is the last operation of what it left out")
    return Answer(value="keeps", because="what it left out has its last operation of before")


EXPERIMENT = Experiment(
    name="stopped_detection",
    title=TITLE,
    question="Is a drift detection that was stopped the last operation of stack instances that it "
    "did not reach?",
    under={
        "overwrites": "the operation of before is found in the results of earlier operations",
        "keeps": "the operation of before is what the stack instance names",
    },
    makes=("a stack set", f"two stacks with {PARAMETER} each"),
    calls=SET_UP | {"DetectStackSetDrift", "ListStackSetOperationResults", "StopStackSetOperation"},
    takes=timedelta(minutes=6),
    run=_run,
)
