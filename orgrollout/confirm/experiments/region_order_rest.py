"""Regions that RegionOrder omits: do they come after those it names, or before?"""

from datetime import timedelta

from orgrollout.confirm.experiment import Answer, Experiment
from orgrollout.confirm.ground import Ground
from orgrollout.confirm.stack_set import LOOK_EVERY, SET_UP, Trial
from orgrollout.confirm.steps import CannotTellError, Steps, Wait
from orgrollout.confirm.template import PARAMETER
from orgrollout.model.ids import Pair

TITLE = "region-order"
_BEGUN = frozenset({"RUNNING", "SUCCEEDED"})


def _run(ground: Ground) -> Steps[Answer]:
    trial = Trial(ground, TITLE)
    yield from trial.make()
    # The later one by name is listed, so that an order by name is not taken for "after".
    omitted, listed = sorted((ground.here, ground.there), key=lambda pair: pair.region)
    preferences = {"RegionOrder": [listed.region], "RegionConcurrencyType": "SEQUENTIAL"}
    sent = {**trial.targets(listed, omitted), "OperationPreferences": preferences}
    id_ = yield from trial.start("CreateStackInstances", sent)
    while True:
        if (yield from _has_begun(trial, listed)) != (yield from _has_begun(trial, omitted)):
            break
        if (yield from trial.status(id_)) != "RUNNING":
            raise CannotTellError("the operation was over before it could be looked at")
        yield Wait(span=LOOK_EVERY)
    # The second look was later: where it finds nothing begun, the first one was not too early.
    if (yield from _has_begun(trial, listed)):
        if (yield from _has_begun(trial, omitted)):
            raise CannotTellError("both Regions began between two looks")
        answer = Answer(value="after", because="the Region that is named began alone")
    else:
        answer = Answer(value="before", because="the Region that is omitted began alone")
    yield from trial.succeeded(id_)
    return answer


def _has_begun(trial: Trial, pair: Pair) -> Steps[bool]:
    found = yield from trial.instance(pair, "StackInstanceStatus.DetailedStatus")
    return (found.get("StackInstanceStatus") or {}).get("DetailedStatus") in _BEGUN


EXPERIMENT = Experiment(
    name="region_order_rest",
    title=TITLE,
    question="Do Regions that RegionOrder omits come after those that it names, or before?",
    under={
        "after": "Regions that `region_order` of a manifest leaves out come last",
        "before": "Regions that `region_order` of a manifest leaves out come first: name all there",
    },
    makes=("a stack set", f"two stacks with {PARAMETER} each"),
    calls=SET_UP,
    takes=timedelta(minutes=6),
    run=_run,
)
