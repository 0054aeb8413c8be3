"""Managed execution: operations of one stack set that have nothing in common run side by side."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair, RolloutId, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.blast_radius import exposed_accounts
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.rollout.cost import cost_of
from orgrollout.rollout.decide.operator_commands import stop
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.sandbox import Sandbox, Settings
from tests.scenarios.manifests import edited
from tests.stage import DEV, PROD, TOPICS, US, Stage, changed, organization, pairs

pytestmark = pytest.mark.slow

ACCOUNTS = (*PROD, *DEV)
NAME = StackSetName("base-topics")
DENIED = "User: x is not authorized to perform: sns:CreateTopic with an explicit deny"


def own(suffix: str = "", *, managed: bool = True, **more: Any) -> dict[str, Any]:
    """Return a manifest in which each account has overrides of its own."""
    overrides = [
        {"targets": {"accounts": [account]}, "parameters": {"Other": f"{suffix}{account}"}}
        for account in ACCOUNTS
    ]
    topics = {"parameter_overrides": overrides, "managed_execution": managed, **more}
    return edited(topics=topics, rollout={"max_failed_accounts": "50%"})


def started_together(stage: Stage) -> int:
    """Return how many operations ran at the same time."""
    found = [o for o in stage.sandbox.operations("base-topics") if o.started and o.ended]
    moments: list[tuple[datetime, int]] = []
    for operation in found:
        assert operation.started
        assert operation.ended
        moments += [(operation.started, 1), (operation.ended, -1)]
    most = running = 0
    for _, change in sorted(moments):  # at one moment, ends come before beginnings
        running += change
        most = max(most, running)
    return most


@pytest.fixture(params=["same_instances", "any"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Give a stage for each thing that a conflict may be; AWS does not say."""
    settings = Settings(conflicting_operations=request.param, deploy_resources=False)
    with Sandbox.start(organization(), settings=settings) as sandbox:
        yield Stage(sandbox, tmp_path)


def test_many_override_sets_are_sent_together_and_queued_where_aws_queues_them(
    stage: Stage,
) -> None:
    rollout = stage.begin(own())
    flying = 0
    while not stage.load(rollout).state.phase.is_over:
        stage.step(rollout)
        flying = max(flying, len(stage.load(rollout).state.in_flight))

    ended = stage.load(rollout).state
    assert ended.outcome is Outcome.SUCCEEDED
    assert len(ended.completed) == flying == len(ACCOUNTS)
    runs_together = stage.sandbox.simulation.settings.conflicting_operations == "same_instances"
    assert started_together(stage) == (len(ACCOUNTS) if runs_together else 1)
    assert stage.deployed() == pairs(ACCOUNTS)
    assert stage.plan(own()).is_empty


def test_the_operation_that_sends_the_definition_runs_alone(stage: Stage) -> None:
    """The others would roll out the definition that the stack set has at that moment."""
    stage.apply(own())
    before = len(stage.sandbox.operations("base-topics"))
    manifest = own("x", parameters={"Suffix": "new"})

    rollout = stage.apply(manifest)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    first, *others = stage.sandbox.operations("base-topics")[before:]
    assert first.ended is not None
    assert len(others) == len(ACCOUNTS)
    assert all(o.started and o.started >= first.ended for o in others)
    assert changed(rollout.plan, OperationAction.UPDATE) == pairs(ACCOUNTS)
    assert stage.plan(manifest).is_empty


def test_a_failed_pair_is_retried_in_parallel_with_the_rest(stage: Stage) -> None:
    stage.sandbox.fail(PROD[0], times=2, stack_set=NAME, reason="Rate exceeded")
    stage.sandbox.fail(PROD[1], times=99, stack_set=NAME, reason=DENIED)

    rollout = stage.apply(own())

    assert rollout.state.outcome is Outcome.FAILURES
    assert {f.pair.account for f in rollout.state.failed} == {PROD[1]}
    assert stage.coverage(own())[Pair(PROD[0], US)].state == "current"


def test_stop_stops_running_and_queued_operations(stage: Stage) -> None:
    rollout: RolloutId = stage.begin(own())
    while len(stage.load(rollout).state.in_flight) < len(ACCOUNTS):
        stage.step(rollout)
    give_order(stage.context().journal, rollout, lambda r: stop(r.state))

    ended = stage.finish(rollout)

    assert ended.state.phase is Phase.STOPPED
    assert {o.status for o in stage.sandbox.operations("base-topics")} == {"STOPPED"}


def test_a_plan_with_parallel_operations_shows_less_time_and_more_pairs_at_once(
    stage: Stage,
) -> None:
    together, apart = stage.plan(own()), stage.plan(own(managed=False))

    assert cost_of(together).running < cost_of(apart).running
    assert together.stack_sets[TOPICS].notes == (
        "up to 10 of its operations run side by side (managed execution)",
    )
    (wave,) = together.waves
    assert exposed_accounts(together, wave) > exposed_accounts(apart, wave)


def test_a_plan_says_how_to_turn_on_parallel_operations(stage: Stage) -> None:
    """The effect of its own UpdateStackSet on stack instances and parameters is not documented."""
    stage.apply(own(managed=False))

    plan = stage.plan(own("x"))

    (warning,) = [w for w in plan.warnings if "managed execution" in w]
    assert "--use-previous-template --managed-execution Active=true --region us-east-1" in warning
    assert stage.apply(own("x")).state.outcome is Outcome.SUCCEEDED
    assert started_together(stage) == 1
    stage.sandbox.session().client("cloudformation").update_stack_set(
        StackSetName=NAME, UsePreviousTemplate=True, ManagedExecution={"Active": True}
    )
    stage.sandbox.run_to_end()
    assert not [w for w in stage.plan(own("x")).warnings if "managed" in w]
    assert stage.plan(own("y")).stack_sets[TOPICS].side_by_side
