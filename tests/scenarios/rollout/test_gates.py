"""Gates of a rollout: a soak, a quiet alarm, an approval, the end of a freeze."""

from datetime import timedelta

import pytest

from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.rollout.decide.operator_commands import SecondPersonError, approve
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome, Phase
from tests.scenarios.manifests import ended, started, with_waves
from tests.stage import Stage


def test_a_wave_soaks_before_the_next_one_starts(stage: Stage) -> None:
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "30m"}}

    stage.apply(with_waves(wave))

    first, second = stage.sandbox.operations("base-topics")
    assert started(second) - ended(first) >= timedelta(minutes=30)


def test_a_wave_that_needs_an_approval_waits_for_it(stage: Stage) -> None:
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"approval": "required"}}

    waiting = stage.apply(with_waves(wave))
    assert waiting.state.outcome is Outcome.WAITING
    assert len(stage.sandbox.operations("base-topics")) == 1

    now = stage.sandbox.clock.now()
    give_order(
        stage.context().journal, waiting.state.id, lambda r: approve(r.plan, r.state, "grace", now)
    )
    rollout = stage.finish(waiting.state.id)
    assert rollout.state.outcome is Outcome.SUCCEEDED
    (approval,) = rollout.state.approved.values()
    assert (approval.by, approval.at) == ("grace", now)
    assert "wave canary: 6 stack instances done, 0 failed" in approval.shown
    assert "next: wave rest, 4 accounts" in approval.shown


def test_the_caller_who_began_a_rollout_may_be_barred_from_approving_it(stage: Stage) -> None:
    after = {"approval": "required", "not_by": "planner"}
    waiting = stage.apply(with_waves({"name": "canary", "sample": {"per_ou": 1}, "after": after}))
    me, now = stage.context().connection.identity.arn, stage.sandbox.clock.now()

    with pytest.raises(SecondPersonError, match="Another person has to run: orgrollout approve"):
        approve(waiting.plan, waiting.state, me, now)

    assert approve(waiting.plan, waiting.state, "arn:grace", now).approved.keys() == {1}


def alarm(stage: Stage, state: str) -> str:
    """Set an alarm of the operator's account to a state, and return its ARN."""
    client = stage.sandbox.session().client("cloudwatch")
    client.put_metric_alarm(
        AlarmName="errors",
        MetricName="Errors",
        Namespace="App",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )
    client.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="test")
    return str(client.describe_alarms()["MetricAlarms"][0]["AlarmArn"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "outcome"),
    [("OK", Outcome.SUCCEEDED), ("ALARM", Outcome.HALTED), ("INSUFFICIENT_DATA", Outcome.HALTED)],
)
def test_an_alarm_must_stay_quiet_while_a_wave_soaks(
    stage: Stage, state: str, outcome: Outcome
) -> None:
    arn = alarm(stage, state)
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "30m", "alarm": arn}}

    rollout = stage.apply(with_waves(wave))

    assert rollout.state.outcome is outcome
    assert len(stage.sandbox.operations("base-topics")) == (2 if state == "OK" else 1)
    if outcome is Outcome.HALTED:
        assert f"alarm errors is {state}" in rollout.state.note


@pytest.mark.slow
def test_an_alarm_that_fires_during_a_soak_ends_it(stage: Stage) -> None:
    arn = alarm(stage, "OK")
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "6h", "alarm": arn}}
    rollout = stage.begin(with_waves(wave))
    while stage.load(rollout).state.phase is not Phase.SOAKING:
        stage.step(rollout)
    began = stage.sandbox.clock.now()

    alarm(stage, "ALARM")
    halted = stage.finish(rollout)

    assert halted.state.outcome is Outcome.HALTED
    assert stage.sandbox.clock.now() - began <= timedelta(minutes=2)


def test_no_operation_starts_in_a_freeze(stage: Stage) -> None:
    now = stage.sandbox.clock.now()
    end = (now + timedelta(days=2)).replace(microsecond=0)
    frozen = f"{(now - timedelta(days=1)).isoformat()}/{end.isoformat()}"

    stage.apply(with_waves(freeze=[frozen]))

    (operation,) = stage.sandbox.operations("base-topics")
    assert started(operation) >= end
    assert [e.kind for e in stage.events].count(EventKind.FROZEN) == 1
