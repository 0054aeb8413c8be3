"""A rollout's text and JSON are two views of one value."""

from dataclasses import replace
from datetime import timedelta

from orgrollout.model.ids import AccountId, OperationId, Pair
from orgrollout.plan.model.plan import Freeze, Plan, PlannedWave, Skipped
from orgrollout.report.layout.blocks import Line, Sheet
from orgrollout.report.rollout.as_json import rollout_json
from orgrollout.report.rollout.as_text import outcome_line, rollout_blocks, wave_status
from orgrollout.rollout.decide.operator_commands import begin
from orgrollout.rollout.failures.recovered_failures import in_short, recovered_failures
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import CompletedOperation, Failure, Phase, RolloutState
from tests.rollout.decide.test_decide import DIGEST, FIRST, NOW, ONE, TWO, US, a_plan

THROTTLED = Failure(
    planned=0, pair=Pair(ONE, US), kind=FailureClass.THROTTLED, reason="Rate exceeded", attempts=1
)
DENIED = Failure(
    planned=0,
    pair=Pair(TWO, US),
    kind=FailureClass.POLICY,
    reason="is denied with an explicit deny in a service control policy",
    attempts=1,
    final=True,
)
SKIPPED = Skipped(account=AccountId("3" * 12), name="closed_shop", reason="account is SUSPENDED")


def completed(number: int, attempt: int, succeeded: int, failed: int) -> CompletedOperation:
    started = NOW + timedelta(minutes=number)
    return CompletedOperation(
        id=OperationId(f"or-{number}"),
        number=number,
        planned=0,
        attempt=attempt,
        status="SUCCEEDED",
        started=started,
        ended=started + timedelta(seconds=40),
        succeeded=succeeded,
        failed=failed,
        cancelled=0,
    )


def finished(plan: Plan, *failures: Failure) -> RolloutState:
    state = begin(plan, DIGEST, FIRST, NOW)
    return replace(
        state,
        phase=Phase.FINISHED,
        waiting=(),
        wave=len(plan.waves),
        completed=(completed(1, 1, 1, 1), completed(2, 2, 1 - len(failures), len(failures))),
        failures=failures,
        ended=NOW + timedelta(minutes=3),
        calls={"CreateStackInstances": 2},
    )


def lines(plan: Plan, state: RolloutState) -> list[str]:
    return [b.text for b in rollout_blocks(plan, state, NOW) if isinstance(b, Line)]


def test_operations_of_a_stack_set_in_a_wave_are_one_row() -> None:
    plan = a_plan()

    table = next(b for b in rollout_blocks(plan, finished(plan), NOW) if isinstance(b, Sheet))

    assert table.rows == (("1 rest", "k", "create", "2/2", "0", "2, 1 retry", "1m 40s"),)


def test_what_failed_at_first_and_was_retried_is_told() -> None:
    plan = a_plan()

    state = finished(plan)
    first = replace(state.completed[0], failures=in_short([THROTTLED]))
    state = replace(state, completed=(first, *state.completed[1:]))

    told = lines(plan, state)

    assert (
        f"  throttled          1 instance in 1 account retried, done: Rate exceeded "
        f"(e.g. {ONE} us-east-1 k)"
    ) in told
    (group,) = rollout_json(plan, state, NOW)["overcome"]
    assert (group["class"], group["instances"]) == ("throttled", 1)


def test_what_failed_in_the_end_was_not_overcome() -> None:
    plan = a_plan()
    state = finished(plan, DENIED)
    both = in_short([THROTTLED, replace(THROTTLED, pair=DENIED.pair)])
    state = replace(state, completed=(replace(state.completed[0], failures=both),))

    assert [(f.pair, f.kind) for f in recovered_failures(state)] == [
        (THROTTLED.pair, THROTTLED.kind)
    ]
    assert len(both) == 1


def test_a_final_failure_is_red_with_its_advice_and_in_the_outcome() -> None:
    plan = a_plan()
    state = finished(plan, DENIED)

    told = lines(plan, state)

    assert any(line.startswith("  blocked by policy  1 instance") for line in told)
    assert any("-> exempt arn:*:iam::*:role/stacksets-exec-*" in line for line in told)
    assert told[-1] == ("m-1 succeeded with failures: 1 stack instance done, 1 failed, in 3m 00s.")
    (failure,) = rollout_json(plan, state, NOW)["failures"]
    assert failure["class"] == "blocked by policy"
    assert failure["account"] == TWO


def test_the_accounts_that_were_skipped_are_named_in_both() -> None:
    plan = replace(a_plan(), skipped=(SKIPPED,))
    state = finished(plan)

    assert "skipped: closed_shop 333333333333 (account is SUSPENDED)" in lines(plan, state)
    assert rollout_json(plan, state, NOW)["skipped"] == [
        {"account": "3" * 12, "account_name": "closed_shop", "reason": "account is SUSPENDED"}
    ]


def test_hundreds_of_skipped_accounts_do_not_fill_the_screen() -> None:
    many = tuple(replace(SKIPPED, account=AccountId(f"{n:012d}")) for n in range(300))
    plan = replace(a_plan(), skipped=many)

    line = next(text for text in lines(plan, finished(plan)) if text.startswith("skipped"))

    assert line.count("closed_shop") == 10
    assert "290 more" in line


def test_waves_that_were_not_reached_are_named() -> None:
    later = PlannedWave(index=2, name="later", accounts=(), allowed_failures=0)
    plan = replace(a_plan(), waves=(*a_plan().waves, later))
    state = replace(
        begin(plan, DIGEST, FIRST, NOW), phase=Phase.HALTED, note="1 of 2 accounts failed"
    )

    assert outcome_line(plan, state) == (
        "m-1 halted: 0 stack instances done. 1 of 2 accounts failed. Not started: later."
    )
    assert [wave_status(state, position) for position in (0, 1)] == ["halted", "not started"]


def soaking(plan: Plan) -> RolloutState:
    until = NOW + timedelta(hours=2)
    return replace(begin(plan, DIGEST, FIRST, NOW), phase=Phase.SOAKING, wake=until)


def test_a_soak_and_the_freeze_that_follows_are_told_with_their_ends() -> None:
    freeze = Freeze(start=NOW, end=NOW + timedelta(days=3))
    plan = replace(a_plan(), freezes=(freeze,))
    state = soaking(plan)

    told = lines(plan, state)

    assert any(line.startswith("soaking until") and "(2h 00m from now)" in line for line in told)
    assert any(line.startswith("frozen: no operation starts before") for line in told)
    found = rollout_json(plan, state, NOW)
    assert found["soaking_until"] == (NOW + timedelta(hours=2)).isoformat()
    assert found["frozen_until"] == freeze.end.isoformat()


def test_a_rollout_that_is_over_waits_for_nothing() -> None:
    freeze = Freeze(start=NOW, end=NOW + timedelta(days=3))
    plan = replace(a_plan(), freezes=(freeze,))

    found = rollout_json(plan, finished(plan), NOW)

    assert [found[key] for key in ("soaking_until", "frozen_until", "retrying_at")] == [None] * 3


def test_who_saved_the_plan_is_told_beside_who_began() -> None:
    plan = replace(a_plan(), planned_by="arn:ada")
    state = replace(finished(plan), begun_by="arn:grace")

    assert {"planned by arn:ada", "begun by arn:grace"} <= set(lines(plan, state))
    found = rollout_json(plan, state, NOW)
    assert (found["planned_by"], found["begun_by"]) == ("arn:ada", "arn:grace")
