"""Operations in member accounts: bounded, stopped by too many failures, recorded like others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orgrollout.model.cause import Cause
from orgrollout.model.ids import AccountId, Digest, Pair, Region, RolloutId, StackSetKey
from orgrollout.model.ids import StackSetName as Name
from orgrollout.model.operation import OperationAction, OperationPreferences
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.plan.model.kinds import MakeRepair
from orgrollout.plan.model.plan import MemberRole, Plan, PlannedOperation, PlannedWave
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.plan.model.repair import Repair
from orgrollout.rollout.decide.decide import decide
from orgrollout.rollout.decide.observation_request import wanted
from orgrollout.rollout.decide.operator_commands import begin, resume, stop
from orgrollout.rollout.member_accounts.concurrency import window
from orgrollout.rollout.member_accounts.repair_observation import DONE, WAIT, failed
from orgrollout.rollout.state.decision import (
    Decision,
    MemberAccountObservation,
    Observations,
    WorkInMemberAccounts,
)
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.state.state import Phase, RolloutState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY, US = StackSetKey("k"), Region("us-east-1")
ACCOUNTS = tuple(AccountId(f"{n}" * 12) for n in range(1, 7))
PAIRS = tuple(Pair(account, US) for account in ACCOUNTS)
NOTHING = Digest("0" * 16)
FAILED = NextStep(Step.FAILED, "the stack is UPDATE_ROLLBACK_COMPLETE: no")


def a_plan(allowed: int = 0) -> Plan:
    operation = PlannedOperation(
        stack_set=KEY,
        wave=1,
        kind=MakeRepair(repair=Repair(action=OperationAction.REVERT, resources=("Topic",))),
        accounts=ACCOUNTS,
        regions=(US,),
        parameter_set=Digest(""),
        state=NOTHING,
        reason="drifted: Topic",
    )
    stack_set = PlannedStackSet(
        key=KEY,
        name=Name("m-k"),
        change=StackSetChange.NONE,
        definition=StackSetDefinition(template_body="{}"),
        parameter_sets={},
    )
    wave = PlannedWave(
        index=1,
        name="rest",
        accounts=ACCOUNTS,
        allowed_failures=allowed,
        preferences=OperationPreferences(
            max_concurrent_count=2, max_concurrent_percentage=None, failure_tolerance_count=0
        ),
    )
    return Plan(
        manifest="m",
        organization="o",
        home_region=US,
        stack_sets={KEY: stack_set},
        waves=(wave,),
        operations=(operation,),
        member_role=MemberRole(role="resync"),
    )


def started(plan: Plan) -> RolloutState:
    return decide(plan, begin(plan, Digest("d"), RolloutId("m-1"), NOW), Observations(), NOW).state


def next_of(
    plan: Plan,
    state: RolloutState,
    ended: dict[Pair, NextStep],
    open_: dict[Pair, NextStep],
) -> Decision:
    (in_flight,) = state.in_flight
    seen = Observations(
        member_accounts={in_flight.id: MemberAccountObservation(ended=ended, open=open_)}
    )
    return decide(plan, state, seen, NOW + timedelta(minutes=1))


def work_of(decision: Decision) -> WorkInMemberAccounts | None:
    found = [action for action in decision.actions if isinstance(action, WorkInMemberAccounts)]
    return found[0] if found else None


def test_its_intent_is_committed_before_anything_is_done_in_an_account() -> None:
    plan = a_plan()

    state = started(plan)

    (in_flight,) = state.in_flight
    assert [f.id for f in wanted(plan, state).member_accounts] == [in_flight.id]
    assert not wanted(plan, state).operations


def test_the_window_moves_on_as_stack_instances_end() -> None:
    """Whatever was begun is within it, so that a new process need not look at all others."""
    assert window(PAIRS, {}, 2) == [PAIRS[0], PAIRS[1]]
    assert window(PAIRS, {PAIRS[1]}, 2) == [PAIRS[0], PAIRS[2]]


def test_each_repair_does_its_own_next_step() -> None:
    plan = a_plan()
    open_ = {PAIRS[1]: WAIT, PAIRS[2]: NextStep(Step.EXECUTE)}

    work = work_of(next_of(plan, started(plan), {PAIRS[0]: DONE}, open_))

    assert work is not None
    assert work.steps == {PAIRS[2]: Step.EXECUTE}


def test_one_account_too_many_and_no_further_one_is_begun() -> None:
    """What runs is brought to its end, what was only prepared is taken away, the rest is left."""
    plan = a_plan()
    open_ = {PAIRS[1]: NextStep(Step.DETECT), PAIRS[2]: NextStep(Step.EXECUTE)}
    state = started(plan)

    work = work_of(next_of(plan, state, {PAIRS[0]: FAILED}, open_))

    assert work is not None
    assert work.steps == {PAIRS[1]: Step.DETECT}
    assert work.discards == frozenset({PAIRS[2]})

    begin_ = {PAIRS[2]: NextStep(Step.BEGIN), PAIRS[3]: NextStep(Step.BEGIN)}
    over = next_of(plan, state, {PAIRS[0]: FAILED, PAIRS[1]: DONE}, begin_).state
    (completed,) = over.completed
    assert (completed.succeeded, completed.failed, completed.cancelled) == (1, 1, 4)
    assert over.phase is Phase.HALTED
    assert {f.pair for f in over.failed} == {PAIRS[0]}


def test_what_is_refused_or_comes_back_does_not_keep_others_from_being_repaired() -> None:
    plan = a_plan()
    ended = {
        PAIRS[0]: failed(Cause.REFUSED, "refused: it would replace Topic (AWS::SNS::Topic)"),
        PAIRS[1]: failed(Cause.CAME_BACK, "came back: Topic/DisplayName"),
    }
    begin_ = {PAIRS[2]: NextStep(Step.BEGIN)}

    work = work_of(next_of(plan, started(plan), ended, begin_))

    assert work is not None
    assert work.steps == {PAIRS[2]: Step.BEGIN}
    over = next_of(plan, started(plan), {**dict.fromkeys(PAIRS, DONE), **ended}, {}).state
    assert {f.kind for f in over.failed} == {FailureClass.REFUSED, FailureClass.CAME_BACK}
    assert over.phase is not Phase.HALTED


def test_a_stop_lets_what_runs_end_and_a_resume_takes_the_rest_up() -> None:
    plan = a_plan()
    stopping = stop(started(plan))

    begin_, detects = NextStep(Step.BEGIN), NextStep(Step.DETECT)
    runs = next_of(plan, stopping, {}, {PAIRS[0]: WAIT, PAIRS[1]: begin_})
    assert work_of(runs) is None
    assert runs.state.in_flight
    proving = work_of(next_of(plan, stopping, {}, {PAIRS[0]: detects, PAIRS[1]: begin_}))
    assert proving is not None
    assert proving.steps == {PAIRS[0]: Step.DETECT}

    ended = next_of(plan, stopping, {PAIRS[0]: DONE}, {PAIRS[1]: NextStep(Step.BEGIN)})
    assert ended.state.phase is Phase.STOPPED
    left = {pair for pending in resume(ended.state).waiting for pair in pending.pairs}
    assert left == set(PAIRS[1:])


def test_nothing_begins_within_an_operation_once_the_rollout_is_to_halt() -> None:
    plan = a_plan()
    state = started(plan)
    stranger = replace(plan.stack_sets[KEY].definition, template_body='{"other": 1}')
    (in_flight,) = state.in_flight
    seen = Observations(
        member_accounts={
            in_flight.id: MemberAccountObservation(open={PAIRS[0]: NextStep(Step.BEGIN)})
        },
        definitions={KEY: stranger},
    )

    decision = decide(plan, state, seen, NOW)

    assert work_of(decision) is None
    assert decision.state.phase is Phase.HALTED
