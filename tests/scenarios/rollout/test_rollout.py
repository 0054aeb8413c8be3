"""Rollouts that succeed, and rollouts with failures."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.rollout.coverage import CoverageState
from orgrollout.rollout.decide.operator_commands import WrongPhaseError, resume, retry, stop
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.sandbox import Sandbox, Settings
from tests.scenarios.manifests import DENIED, EVERYWHERE, ended, started, with_waves
from tests.stage import BASE, DEV, EU, PROD, TOPIC, US, Stage, changed, exactly, organization, pairs


def chain() -> dict[str, Any]:
    """Return a manifest whose second stack set waits for the first, account by account."""
    manifest = deepcopy(BASE)
    manifest["stack_sets"] = {
        "first": {"template": "topic.yaml", "regions": ["us-east-1"]},
        "second": {"template": "topic.yaml", "depends_on": ["first"]},
    }
    return manifest


def test_every_targeted_account_and_region_gets_its_stack(stage: Stage) -> None:
    rollout = stage.apply()

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert stage.deployed() == EVERYWHERE
    assert {stage.display_name(pair) for pair in EVERYWHERE} == {"a-b"}


def test_retry_touches_only_the_stack_instances_that_failed(stage: Stage) -> None:
    """Accounts that already succeeded must not see a second operation."""
    stage.sandbox.fail("p2", "eu-west-1", reason="Rate exceeded")

    rollout = stage.apply(with_waves(max_failed_accounts="50%"))

    first, second = stage.sandbox.operations("base-topics")
    assert first.failed == {Pair(PROD[1], EU)}
    assert second.targets == {Pair(PROD[1], EU)}
    assert first.id != second.id
    assert rollout.state.outcome is Outcome.SUCCEEDED


def test_a_permanent_failure_is_named_and_everything_else_is_deployed(stage: Stage) -> None:
    """SUCCEEDED within the tolerance is not success: the one that failed has a name."""
    stage.sandbox.fail("p2", "eu-west-1", times=None, reason=DENIED)

    rollout = stage.apply()

    assert rollout.state.outcome is Outcome.FAILURES
    (failure,) = rollout.state.failed
    assert (failure.pair, failure.kind) == (Pair(PROD[1], EU), FailureClass.POLICY)
    assert "explicit deny" in failure.reason
    rows = stage.coverage(rollout=rollout)
    assert rows[Pair(PROD[1], EU)].state is CoverageState.FAILED
    assert sum(row.state is CoverageState.CURRENT for row in rows.values()) == 13


def test_throttling_is_retried_as_often_as_configured_and_then_reported(stage: Stage) -> None:
    stage.sandbox.fail("d1", "us-east-1", times=None, reason="Rate exceeded")

    rollout = stage.apply(with_waves(retry={"attempts": 3}))

    (failure,) = rollout.state.failed
    assert (failure.kind, failure.attempts) == (FailureClass.THROTTLED, 3)
    tried = [o for o in stage.sandbox.operations("base-topics") if Pair(DEV[0], US) in o.targets]
    assert len(tried) == 3


def test_a_dependency_that_fails_blocks_its_own_account_only(stage: Stage) -> None:
    stage.sandbox.fail("p1", "us-east-1", "base-first", times=None, reason=DENIED)

    rollout = stage.apply(chain())

    blocked = {f.pair for f in rollout.state.failed if f.kind is FailureClass.BLOCKED}
    assert blocked == pairs(PROD[:1])
    assert stage.deployed("base-second") == EVERYWHERE - blocked
    assert all(
        not operation.targets & blocked for operation in stage.sandbox.operations("base-second")
    )


def test_a_stack_set_starts_after_what_it_depends_on(stage: Stage) -> None:
    stage.apply(chain())

    (first,) = stage.sandbox.operations("base-first")
    (second,) = stage.sandbox.operations("base-second")
    assert ended(first) <= started(second)


def test_independent_stack_sets_run_at_the_same_time(stage: Stage) -> None:
    manifest = chain()
    del manifest["stack_sets"]["second"]["depends_on"]

    stage.apply(manifest)

    (first,) = stage.sandbox.operations("base-first")
    (second,) = stage.sandbox.operations("base-second")
    assert started(second) < ended(first)


def test_one_failed_canary_halts_before_the_next_wave(stage: Stage) -> None:
    """A change that breaks one account of each unit must not reach the rest."""
    stage.sandbox.fail(None, None, times=None, reason=DENIED)

    rollout = stage.apply(with_waves({"name": "canary", "sample": {"per_ou": 1}}))

    assert rollout.state.outcome is Outcome.HALTED
    canary = next(w for w in rollout.plan.waves if w.name == "canary")
    reached = {p for o in stage.sandbox.operations("base-topics") for p in o.targets}
    assert {account for account, _ in reached} <= set(canary.accounts)
    assert "0 allowed" in rollout.state.note


def test_a_halted_rollout_continues_with_retry_and_not_with_resume(stage: Stage) -> None:
    stage.sandbox.fail(None, None, times=6, reason=DENIED)
    halted = stage.apply(with_waves({"name": "canary", "sample": {"per_ou": 1}}))
    assert halted.state.outcome is Outcome.HALTED
    journal = stage.context().journal

    with pytest.raises(WrongPhaseError, match=f"orgrollout retry {halted.state.id}"):
        resume(halted.state)
    stage.sandbox.simulation.faults.instances.clear()
    give_order(journal, halted.state.id, lambda r: retry(r.plan, r.state))
    rollout = stage.finish(halted.state.id)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert stage.deployed() == EVERYWHERE


@pytest.mark.slow
def test_each_tick_may_run_in_a_process_of_its_own(stage: Stage) -> None:
    """Killed between any two ticks and resumed: each operation is started exactly once."""
    stage.sandbox.fail("p2", "eu-west-1", reason="Rate exceeded")
    rollout = stage.begin(with_waves({"name": "canary", "sample": {"per_ou": 1}}))

    while stage.step(rollout).wake_after is not None:
        pass

    assert stage.load(rollout).state.outcome is Outcome.SUCCEEDED
    sent = [c for c in stage.sandbox.calls if c.operation == "CreateStackInstances"]
    ids = [operation.id for operation in stage.sandbox.operations("base-topics")]
    assert len(sent) == len(ids) == len(set(ids))


def test_an_intent_that_never_arrived_is_sent_under_the_same_id(stage: Stage) -> None:
    """Killed after the commit and before the call, nothing is lost and nothing is doubled."""
    rollout = stage.begin()
    stage.sandbox.server_error("CreateStackInstances", times=None)
    with pytest.raises(Exception, match="CreateStackInstances"):
        stage.finish(rollout)
    (in_flight,) = stage.load(rollout).state.in_flight
    stage.sandbox.simulation.faults.calls.clear()

    stage.finish(rollout)

    assert [o.id for o in stage.sandbox.operations("base-topics")] == [in_flight.id]


def test_a_lost_response_starts_nothing_twice(stage: Stage) -> None:
    stage.sandbox.lose_response("CreateStackInstances")

    rollout = stage.apply()

    assert len(stage.sandbox.operations("base-topics")) == 1
    assert rollout.state.outcome is Outcome.SUCCEEDED


def test_an_operation_of_another_user_is_waited_for(stage: Stage) -> None:
    stage.apply()
    client = stage.sandbox.session().client("cloudformation")
    client.detect_stack_set_drift(StackSetName="base-topics")
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "x"}}
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["parameter_overrides"] = [override]

    rollout = stage.apply(manifest)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(Pair(DEV[0], US)) == "x-b"


def test_stop_ends_running_operations_and_resume_does_the_rest(stage: Stage) -> None:
    rollout = stage.begin()
    while not stage.load(rollout).state.in_flight:
        stage.step(rollout)
    journal = stage.context().journal

    give_order(journal, rollout, lambda r: stop(r.state))
    stopped = stage.finish(rollout)
    assert stopped.state.phase is Phase.STOPPED
    assert stage.sandbox.operations("base-topics")[-1].status == "STOPPED"

    give_order(journal, rollout, lambda r: resume(r.state))
    assert stage.finish(rollout).state.outcome is Outcome.SUCCEEDED
    assert stage.deployed() == EVERYWHERE


def test_a_wave_can_have_its_own_operation_preferences(stage: Stage) -> None:
    """And where no tolerance was chosen, it is the wave's budget."""
    preferences = {"max_concurrent_count": 1, "region_concurrency": "sequential"}
    wave = {"name": "canary", "sample": {"per_ou": 1}, "operation_preferences": preferences}

    stage.apply(with_waves(wave, max_failed_accounts=2))

    first, second = (
        c.params["OperationPreferences"]
        for c in stage.sandbox.calls
        if c.operation == "CreateStackInstances"
    )
    assert (first["MaxConcurrentCount"], first["RegionConcurrencyType"]) == (1, "SEQUENTIAL")
    assert (second["MaxConcurrentPercentage"], second["RegionConcurrencyType"]) == (25, "PARALLEL")
    assert [p["FailureToleranceCount"] for p in (first, second)] == [0, 2]


def test_the_manifest_can_declare_failures_transient(stage: Stage) -> None:
    stage.sandbox.fail("d1", "us-east-1", times=2, reason="The landing zone is busy")
    classes = {"transient": [{"pattern": "landing zone is busy", "attempts": 3}]}

    rollout = stage.apply(with_waves(failure_classes=classes))

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert len(stage.sandbox.operations("base-topics")) == 3


def test_a_second_rollout_of_the_same_stack_sets_is_refused_while_one_is_open(
    stage: Stage,
) -> None:
    rollout = stage.begin()

    with pytest.raises(OpenRolloutError, match=f"orgrollout status {rollout}"):
        stage.begin()


def test_new_parameters_are_sent_by_one_targeted_update_and_then_by_instances(
    stage: Stage,
) -> None:
    """An untargeted update would reach every account at once, against the waves."""
    stage.apply()
    manifest = with_waves({"name": "canary", "sample": {"per_ou": 1}})
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}

    rollout = stage.apply(manifest)

    updates = [c for c in stage.sandbox.calls if c.operation == "UpdateStackSet"]
    assert len(updates) == 1
    assert updates[0].params["DeploymentTargets"]["AccountFilterType"] == "INTERSECTION"
    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert {stage.display_name(pair) for pair in EVERYWHERE} == {"new-b"}
    assert stage.plan(manifest).is_empty


def test_a_halted_update_leaves_later_waves_as_they_were(stage: Stage) -> None:
    """The old manifest planned again changes only the pairs that the halted update reached."""
    stage.apply()
    manifest = with_waves({"name": "canary", "sample": {"per_ou": 1}})
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
    stage.sandbox.fail("p1", None, times=None, reason=DENIED, action="UPDATE")
    stage.sandbox.fail("p2", None, times=None, reason=DENIED, action="UPDATE")
    stage.sandbox.fail("p3", None, times=None, reason=DENIED, action="UPDATE")
    halted = stage.apply(manifest)
    assert halted.state.outcome is Outcome.HALTED
    canary = {p for o in halted.plan.operations if o.wave == 1 for p in o.rectangle.pairs}

    back = stage.plan()

    assert changed(back, OperationAction.UPDATE) == canary
    assert not canary >= EVERYWHERE


def test_new_accounts_get_the_new_definition_even_before_their_wave(stage: Stage) -> None:
    stage.apply({**deepcopy(BASE), "targets": {"organizational_units": ["/Dev"]}})
    manifest = with_waves({"name": "prod", "organizational_units": ["/Prod"]})
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}

    stage.apply(manifest)

    assert {stage.display_name(pair) for pair in EVERYWHERE} == {"new-b"}


@pytest.mark.slow
def test_a_new_definition_with_other_overrides_reaches_both(stage: Stage) -> None:
    """UpdateStackSet leaves overrides alone, so they need a second operation."""
    stage.apply()
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"] = {
        "template": "topic.yaml",
        "parameters": {"Other": "o"},
        "parameter_overrides": [{"targets": "all", "parameters": {"Suffix": "s"}}],
    }

    rollout = stage.apply(manifest)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert {stage.display_name(pair) for pair in EVERYWHERE} == {"s-o"}
    assert rollout.plan.counts()[OperationAction.UPDATE] == 14
    assert stage.plan(manifest).is_empty


def test_a_foreign_update_of_overrides_is_found_and_undone(stage: Stage) -> None:
    stage.apply()
    client = stage.sandbox.session().client("cloudformation")
    client.update_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets=exactly(stage.sandbox, DEV[0]),
        Regions=["us-east-1"],
        ParameterOverrides=[{"ParameterKey": "Suffix", "ParameterValue": "foreign"}],
    )
    stage.sandbox.run_to_end()

    rollout = stage.apply()

    assert changed(rollout.plan, OperationAction.UPDATE) == {Pair(DEV[0], US)}
    assert stage.display_name(Pair(DEV[0], US)) == "a-b"


def test_a_driver_waits_for_results_that_lag(tmp_path: Path) -> None:
    """A result that is not listed yet must not be taken for a success."""
    lagging = Settings(result_lag=timedelta(seconds=90))
    with Sandbox.start(organization(), settings=lagging) as sandbox:
        stage = Stage(sandbox, tmp_path)
        sandbox.fail("p2", "eu-west-1", reason="Rate exceeded")
        sandbox.fail("d1", "us-east-1", times=None, reason=DENIED)

        rollout = stage.apply()

        assert {f.pair for f in rollout.state.failed} == {Pair(DEV[0], US)}
        assert stage.deployed() == EVERYWHERE


def test_a_self_managed_stack_set_reaches_named_accounts(stage: Stage) -> None:
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"].update(
        permission_model="SELF_MANAGED", targets={"accounts": ["999999999999", DEV[0]]}
    )

    rollout = stage.apply(manifest)

    assert changed(rollout.plan, OperationAction.CREATE) == {
        *pairs([DEV[0]]),
        *pairs([stage.look(manifest).organization.management_account]),
    }
    assert rollout.state.failures == ()


def test_a_template_that_changed_is_sent_and_its_stack_really_changes(stage: Stage) -> None:
    stage.apply()
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["template"] = "other.yaml"
    (stage.folder / "other.yaml").write_text(TOPIC.replace("${Suffix}-", "changed-${Suffix}-"))

    rollout = stage.apply(manifest)

    assert rollout.plan.stack_sets[StackSetKey("topics")].differences == ("template",)
    assert {stage.display_name(pair) for pair in EVERYWHERE} == {"changed-a-b"}


def test_the_calls_of_a_rollout_are_counted(stage: Stage) -> None:
    rollout = stage.apply()

    sent = [c.operation for c in stage.sandbox.calls].count("CreateStackInstances")
    assert rollout.state.calls["CreateStackInstances"] == sent == 1
    assert rollout.state.created >= datetime(2000, 1, 1, tzinfo=UTC)
