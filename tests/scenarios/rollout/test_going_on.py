"""A halted or stopped rollout continues as ordered, and no further."""

from datetime import timedelta
from typing import Any

import pytest

from orgrollout.model.ids import Pair, RolloutId
from orgrollout.reconcile.documents.rollouts import Rollout, give_order
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome, Phase
from tests.scenarios.manifests import EVERYWHERE, with_waves
from tests.scenarios.rollout.test_gates import alarm
from tests.stage import EU, PROD, Stage

pytestmark = pytest.mark.slow

ONE, TWO, THREE = PROD[:3]
REASON = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."
CANARY: dict[str, Any] = {"name": "canary", "accounts": [ONE, TWO, THREE]}


@pytest.fixture
def halted(stage: Stage) -> RolloutId:
    """A canary in which two accounts failed and none may."""
    for account in (ONE, TWO):
        stage.sandbox.fail(account, EU, reason=REASON, times=1)
    tolerant = {"failure_tolerance_count": 5, "max_concurrent_count": 5}
    done = stage.apply(with_waves(CANARY, operation_preferences=tolerant))
    assert done.state.outcome is Outcome.HALTED
    assert {failure.pair.account for failure in done.state.failed} == {ONE, TWO}
    return done.state.id


def retry(stage: Stage, rollout: RolloutId, *accounts: str) -> Rollout:
    give_order(
        stage.context().journal,
        rollout,
        lambda r: operator_commands.retry(r.plan, r.state, lambda f: f.pair.account in accounts),
    )
    return stage.finish(rollout)


def test_a_pair_retried_by_name_is_sent_despite_other_failures(
    stage: Stage, halted: RolloutId
) -> None:
    """Then the budget is checked again, and the rollout is halted as before."""
    sent = len(stage.sandbox.operations("base-topics"))

    first = retry(stage, halted, ONE)

    assert first.state.outcome is Outcome.HALTED
    assert [f.pair for f in first.state.failures] == [Pair(TWO, EU)]
    (operation,) = stage.sandbox.operations("base-topics")[sent:]
    assert operation.succeeded == {Pair(ONE, EU)}
    assert {pair.account for pair in stage.deployed()} == {ONE, TWO, THREE}
    assert retry(stage, halted, TWO).state.outcome is Outcome.SUCCEEDED
    assert stage.deployed() == EVERYWHERE


def test_a_pair_that_fails_again_halts_the_rollout_again_and_is_named(
    stage: Stage, halted: RolloutId
) -> None:
    stage.sandbox.fail(ONE, EU, reason=REASON)

    again = retry(stage, halted, ONE)

    assert again.state.outcome is Outcome.HALTED
    assert {f.pair for f in again.state.failed} == {Pair(ONE, EU), Pair(TWO, EU)}


def test_a_failure_counts_until_its_retry(stage: Stage, halted: RolloutId) -> None:
    order = give_order(
        stage.context().journal, halted, lambda r: operator_commands.retry(r.plan, r.state)
    )
    assert {(f.pair.account, f.final, f.kind) for f in order.state.failures} == {
        (ONE, False, FailureClass.PERMANENT),
        (TWO, False, FailureClass.PERMANENT),
    }
    assert stage.finish(halted).state.outcome is Outcome.SUCCEEDED


def test_a_halt_without_failures_continues_with_resume_and_soaks_again(stage: Stage) -> None:
    gate = {"soak": "30m", "alarm": alarm(stage, "ALARM")}
    rollout = stage.apply(with_waves({**CANARY, "after": gate})).state.id
    assert stage.load(rollout).state.outcome is Outcome.HALTED
    stage.sandbox.clock.sleep(timedelta(hours=3))

    alarm(stage, "OK")
    begins = stage.sandbox.clock.now()
    give_order(stage.context().journal, rollout, lambda r: operator_commands.resume(r.state))

    assert stage.finish(rollout).state.outcome is Outcome.SUCCEEDED
    assert stage.sandbox.clock.now() - begins >= timedelta(minutes=30)


def test_a_rollout_halts_again_while_the_cause_persists(stage: Stage) -> None:
    gate = {"soak": "30m", "alarm": alarm(stage, "ALARM")}
    rollout = stage.apply(with_waves({**CANARY, "after": gate})).state.id

    give_order(stage.context().journal, rollout, lambda r: operator_commands.resume(r.state))

    assert stage.finish(rollout).state.outcome is Outcome.HALTED


@pytest.mark.parametrize(
    ("state", "outcome"), [("ALARM", Outcome.HALTED), ("OK", Outcome.SUCCEEDED)]
)
def test_a_soak_that_ended_during_a_stop_succeeds_only_if_the_alarm_is_quiet(
    stage: Stage, state: str, outcome: Outcome
) -> None:
    gate = {"soak": "6h", "alarm": alarm(stage, "OK")}
    rollout = stage.begin(with_waves({**CANARY, "after": gate}))
    while stage.load(rollout).state.phase is not Phase.SOAKING:
        stage.step(rollout)
    give_order(stage.context().journal, rollout, lambda r: operator_commands.stop(r.state))
    assert stage.finish(rollout).state.phase is Phase.STOPPED
    stage.sandbox.clock.sleep(timedelta(hours=9))

    alarm(stage, state)
    give_order(stage.context().journal, rollout, lambda r: operator_commands.resume(r.state))

    assert stage.finish(rollout).state.outcome is outcome


@pytest.mark.parametrize("later", [timedelta(hours=1), timedelta(hours=9)])
def test_a_stop_during_a_soak_does_not_restart_it(stage: Stage, later: timedelta) -> None:
    gate = {"soak": "6h", "approval": "required"}
    rollout = stage.begin(with_waves({**CANARY, "after": gate}))
    while stage.load(rollout).state.phase is not Phase.SOAKING:
        stage.step(rollout)
    ends = stage.load(rollout).state.wake
    give_order(stage.context().journal, rollout, lambda r: operator_commands.stop(r.state))
    assert stage.finish(rollout).state.phase is Phase.STOPPED
    stage.sandbox.clock.sleep(later)

    begins = stage.sandbox.clock.now()
    give_order(stage.context().journal, rollout, lambda r: operator_commands.resume(r.state))
    waiting = stage.finish(rollout)

    assert ends is not None
    assert waiting.state.phase is Phase.WAITING
    assert stage.sandbox.clock.now() - max(begins, ends) < timedelta(minutes=1)
