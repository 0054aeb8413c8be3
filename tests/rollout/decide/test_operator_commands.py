"""What an operator's orders make of a state, as values."""

from dataclasses import replace

import pytest

from orgrollout.model.ids import Pair
from orgrollout.rollout.decide.operator_commands import WrongPhaseError, begin, retry
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, Phase, RolloutState
from tests.rollout.decide.test_decide import DIGEST, FIRST, NOW, ONE, TWO, US, a_plan

PLAN = a_plan()


def failure(account: str, kind: FailureClass) -> Failure:
    pair = Pair(ONE if account == "one" else TWO, US)
    return Failure(planned=0, pair=pair, kind=kind, reason="", attempts=1, final=True)


def ended(*failures: Failure) -> RolloutState:
    state = begin(PLAN, DIGEST, FIRST, NOW)
    return replace(state, phase=Phase.FINISHED, waiting=(), failures=failures)


def test_what_is_blocked_goes_along_with_what_blocked_it() -> None:
    """`retry --class configuration` must not leave behind what waited for exactly that."""
    cause = failure("one", FailureClass.CONFIGURATION)
    blocked = failure("one", FailureClass.BLOCKED)
    elsewhere = failure("two", FailureClass.BLOCKED)

    state = retry(
        PLAN,
        ended(cause, blocked, elsewhere),
        lambda f: f.kind is FailureClass.CONFIGURATION,
        along=lambda _: True,
    )

    assert [f for f in state.failures if f.final] == [elsewhere]
    assert {(f.kind, f.attempts) for f in state.failures if not f.final} == {
        (FailureClass.CONFIGURATION, 0),
        (FailureClass.BLOCKED, 0),
    }


def test_what_is_only_blocked_is_no_reason_to_try_again() -> None:
    state = ended(failure("one", FailureClass.BLOCKED))

    with pytest.raises(WrongPhaseError, match="none of them was chosen"):
        retry(PLAN, state, lambda f: f.kind is FailureClass.TRANSIENT, along=lambda _: True)
