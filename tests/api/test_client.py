"""The way in for programs: every method does what the command line does, without a terminal."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from orgrollout import api
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.drift.detect import DetectionPhase
from orgrollout.reconcile.lifecycle.operator_orders import ApprovalError
from orgrollout.reconcile.reading.plan_request import WrongPlaceError
from orgrollout.rollout.coverage import CoverageState
from orgrollout.rollout.decide.operator_commands import WrongPhaseError
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.sandbox import Sandbox
from tests.api.manifests import manifest
from tests.paths import DOCS, ROOT
from tests.stage import DEV, PROD, US, pairs

EVERYWHERE = pairs((*PROD, *DEV))
CANARY = {"waves": [{"name": "canary", "accounts": [PROD[0]], "after": {"approval": "required"}}]}


def test_importing_it_imports_nothing_heavy() -> None:
    """A script that only asks for --help, or fails early, does not pay for the rooms."""
    code = (
        "import sys; before = set(sys.modules); import orgrollout.api; "
        "print(*(set(sys.modules) - before))"
    )
    said = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    loaded = {name.partition(".")[0] for name in said.stdout.split()}

    assert not loaded & {"boto3", "botocore", "pydantic", "yaml", "tenacity", "rich", "typer"}
    assert {name for name in said.stdout.split() if name.startswith("orgrollout")} == {
        "orgrollout",
        "orgrollout.api",
        "orgrollout.api.looking",
        "orgrollout.api.page",
        "orgrollout.api.place",
        "orgrollout.api.rollouts",
    }


def test_every_name_that_it_offers_exists() -> None:
    for name in api.__all__:
        assert getattr(api, name)
    with pytest.raises(AttributeError, match="no attribute 'NoSuch'"):
        _ = api.NoSuch


def test_the_example_in_the_documentation_runs(
    client: api.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = runpy.run_path(str(DOCS / "examples" / "roll_out.py"))

    counts = example["roll_out"](client, manifest(tmp_path))

    assert counts["current"] == len(EVERYWHERE)
    said = capsys.readouterr().out
    assert "base-1: succeeded" in said
    assert said.count("topics create") == len(EVERYWHERE)
    assert example["roll_out"](client, manifest(tmp_path)) == counts  # nothing is left to do
    assert [state.id for state in client.rollouts()] == ["base-1"]


def test_the_example_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = manifest(tmp_path).path
    path.write_text(path.read_text().replace("topic.yaml", "missing.yaml"))
    monkeypatch.setattr(sys, "argv", ["roll_out.py", str(path)])

    assert runpy.run_path(str(DOCS / "examples" / "roll_out.py"))["main"]() == 1
    assert "missing.yaml" in capsys.readouterr().err


def test_a_program_may_tick_by_itself(client: api.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    rollout = client.begin(client.plan(manifest(tmp_path)))
    wake = client.tick(rollout)
    while wake.wake_after is not None:
        sandbox.clock.sleep(wake.wake_after)
        wake = client.tick(rollout)

    assert client.rollout().state.outcome is Outcome.SUCCEEDED


def test_a_plan_is_carried_out_where_it_was_made_for_and_nowhere_else(
    client: api.Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    loaded = manifest(tmp_path)
    plan = client.plan(loaded)
    elsewhere = api.connect(home_region="eu-west-1", journal=tmp_path / "j", clock=sandbox.clock)

    with (
        elsewhere as other,
        pytest.raises(WrongPlaceError, match=r"us-east-1.*eu-west-1 is"),
    ):
        other.begin(plan)
    assert client.rollouts() == []


def test_a_rollout_is_approved_as_it_was_looked_at(client: api.Client, tmp_path: Path) -> None:
    loaded = manifest(tmp_path, rollout=CANARY)
    begun = client.begin(client.plan(loaded))
    waits = client.drive(begun)
    assert waits.state.phase is Phase.WAITING

    ended = client.drive(client.approve(waits))

    assert ended.state.outcome is Outcome.SUCCEEDED
    with pytest.raises(ApprovalError, match="went on in the meantime"):
        client.approve(waits)


def test_a_rollout_is_stopped_resumed_and_superseded(client: api.Client, tmp_path: Path) -> None:
    loaded = manifest(tmp_path)
    plan = client.plan(loaded)
    begun = client.begin(plan)
    with pytest.raises(OpenRolloutError):
        client.begin(plan)

    stopped = client.drive(client.stop(begun))
    assert stopped.state.outcome is Outcome.STOPPED
    assert client.drive(client.resume(stopped)).state.outcome is Outcome.SUCCEEDED
    with pytest.raises(WrongPhaseError):
        client.stop(begun)


def test_failures_are_retried_where_they_are_meant(
    client: api.Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fail("p1", "us-east-1", reason="Resource limit exceeded", times=1)
    ended = client.drive(client.begin(client.plan(manifest(tmp_path))))
    assert [f.pair for f in ended.state.failures] == [Pair(PROD[0], US)]

    with pytest.raises(WrongPhaseError):
        client.retry(ended, lambda failure: failure.pair.account == PROD[1])
    again = client.drive(client.retry(ended, lambda failure: failure.pair.account == PROD[0]))

    assert again.state.outcome is Outcome.SUCCEEDED


def test_an_update_is_rolled_back(client: api.Client, tmp_path: Path) -> None:
    client.drive(client.begin(client.plan(manifest(tmp_path))))
    changed = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "b"}}}
    ended = client.drive(client.begin(client.plan(manifest(tmp_path, stack_sets=changed))))

    assert len(list(client.plan_rollback(ended).changes())) == len(EVERYWHERE)
    assert client.drive(client.rollback(ended)).state.outcome is Outcome.SUCCEEDED
    assert client.plan(manifest(tmp_path)).is_empty


def test_drift_is_detected_found_and_repaired(
    client: api.Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    loaded = manifest(tmp_path, drift={"resync_role": "OrganizationAccountAccessRole"})
    client.drive(client.begin(client.plan(loaded)))
    sandbox.tamper("p1", "us-east-1", "base-topics", "Topic", "/DisplayName", "other")

    assert client.detect(loaded)[StackSetName("base-topics")].phase is DetectionPhase.ENDED
    found = client.findings(loaded)
    assert [(f.pair, f.path) for f in found.real] == [(Pair(PROD[0], US), "/DisplayName")]
    drifted = [r.pair for r in client.coverage(loaded) if r.state is CoverageState.DRIFTED]
    assert drifted == [Pair(PROD[0], US)]

    repair = client.plan_resync(loaded)
    assert client.drive(client.begin(repair.resync.plan)).state.outcome is Outcome.SUCCEEDED
    assert not client.findings(loaded).real


def test_no_detection_runs_on_the_stack_sets_of_others(
    client: api.Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    client.drive(client.begin(client.plan(manifest(tmp_path))))
    other = manifest(
        tmp_path,
        name="other",
        stack_sets={"topics": {"template": "topic.yaml", "stack_set_name": "base-topics"}},
    )

    assert client.detect(other) == {}
    with pytest.raises(WrongPlaceError, match="o-zzzzzzzzzz"):
        client.detect(manifest(tmp_path, organization="o-zzzzzzzzzz"))
    assert not any(call.operation == "DetectStackSetDrift" for call in sandbox.calls)


def test_benchmarks_come_in_by_this_way() -> None:
    by_hand = {
        path.name
        for path in (ROOT / "benchmarks").glob("*.py")
        if "orgrollout.reconcile.context" in path.read_text(encoding="utf-8")
    }
    assert by_hand <= {"journal.py"}  # which measures journals, so it brings one of its own
