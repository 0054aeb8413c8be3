"""What a plan of the shipped baseline says of costs, and of what stays."""

from pathlib import Path

from orgrollout.model.ids import StackSetKey
from orgrollout.sandbox import Sandbox, VirtualClock
from tests.stage import Stage
from tests.templates.support.shipped import ORGANIZATION, read


def test_the_plan_says_what_it_costs_and_what_stays(tmp_path: Path) -> None:
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        desired = Stage(sandbox, tmp_path).look(read("security-baseline")).desired
    notes = {key: " ".join(each.notes) for key, each in desired.stack_sets.items()}
    recording = notes[StackSetKey("config-regional")]
    assert "starts continuous recording of all types in 76 account-Regions" in recording
    assert "stay" in notes[StackSetKey("log-buckets")]
