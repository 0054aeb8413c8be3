"""A re-sync costs what drifted, and little for all the rest."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from orgrollout.model.ids import Pair
from orgrollout.rollout.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.resyncing import NAME, TEMPLATE, deploy, detect, later, repair, seek
from tests.stage import DEV, EU, PROD, US, Stage, organization

PLACES = [Pair(account, region) for account, region in product((*PROD, *DEV), (US, EU))]
FEW, MORE = PLACES[:1], PLACES[1:8]
MOST = 12  # calls for a stack instance that drifted


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Give a stage where nothing in an account takes long, and so nobody waits there."""
    at_once = Settings(
        change_set_duration=timedelta(),
        stack_update_duration=timedelta(),
        stack_drift_duration=timedelta(),
    )
    with Sandbox.start(organization(), settings=at_once) as sandbox:
        made = Stage(sandbox, tmp_path)
        deploy(made, template=TEMPLATE)
        yield made


def calls_to_repair(stage: Stage, places: list[Pair]) -> int:
    """Let people change something in each place, and return what it takes without sessions."""
    for place in places:
        stage.sandbox.tamper(*place, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    before = len(stage.sandbox.calls)
    done = repair(stage, seek(stage))
    assert done.state.outcome is Outcome.SUCCEEDED
    assert sum(landed.succeeded for landed in done.state.landed) == len(places)
    return sum(call.operation != "AssumeRole" for call in stage.sandbox.calls[before:])


def test_a_stack_instance_that_drifted_takes_twelve_calls_at_most(stage: Stage) -> None:
    """At two calls a second for findings, the calls are what a large organization waits for."""
    few = calls_to_repair(stage, FEW)
    later(stage)
    more = calls_to_repair(stage, MORE)

    assert (more - few) / (len(MORE) - len(FEW)) <= MOST
