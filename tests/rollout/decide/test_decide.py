"""Decisions compared as values: no clock, no AWS, nothing to wait for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orgrollout.manifest.schema import ResyncWindow
from orgrollout.model.ids import AccountId, Digest, Pair, Region, RolloutId, StackSetKey
from orgrollout.model.ids import StackSetName as Name
from orgrollout.model.operation import (
    Operation,
    OperationResult,
    OperationStatus,
    ResultStatus,
)
from orgrollout.model.operation_id import MAX_LENGTH, read_operation_id
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.plan.model.kinds import Create
from orgrollout.plan.model.plan import Plan, PlannedOperation, PlannedWave
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.plan.model.windows import windows_of
from orgrollout.rollout.decide.decide import decide
from orgrollout.rollout.decide.observation_request import wanted
from orgrollout.rollout.decide.operator_commands import begin
from orgrollout.rollout.state.decision import (
    CreateStackSet,
    Decision,
    Observations,
    OperationObservation,
    StartOperation,
)
from orgrollout.rollout.state.document import read_state, state_document
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.polling import next_look, until_next_look
from orgrollout.rollout.state.state import Phase, RolloutState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = StackSetKey("k")
ONE, TWO = AccountId("1" * 12), AccountId("2" * 12)
US = Region("us-east-1")
DIGEST = Digest("0123456789abcdef")
DEFINITION = StackSetDefinition(template_body="{}")
UNTOUCHED = Observations(definitions={KEY: DEFINITION})  # no one changed the stack set
FIRST = RolloutId("m-1")
LONGEST = RolloutId("a" * 40 + "-99999")


def a_plan(change: StackSetChange = StackSetChange.NONE, allowed: int = 0) -> Plan:
    operation = PlannedOperation(
        stack_set=KEY,
        wave=1,
        kind=Create(),
        accounts=(ONE, TWO),
        regions=(US,),
        parameter_set=DIGEST,
        state=DIGEST,
        reason="new",
    )
    stack_set = PlannedStackSet(
        key=KEY,
        name=Name("m-k"),
        change=change,
        definition=DEFINITION,
        parameter_sets={DIGEST: {}},
    )
    wave = PlannedWave(index=1, name="rest", accounts=(ONE, TWO), allowed_failures=allowed)
    return Plan(
        manifest="m",
        organization="o-a1b2c3d4e5",
        home_region=US,
        stack_sets={KEY: stack_set},
        waves=(wave,),
        operations=(operation,),
    )


def started(plan: Plan, rollout: RolloutId = FIRST) -> Decision:
    return decide(plan, begin(plan, DIGEST, rollout, NOW), UNTOUCHED, NOW)


def seen(
    state: RolloutState,
    status: OperationStatus | None,
    *failed: tuple[AccountId, str],
    count: int | None = None,
) -> Observations:
    (in_flight,) = state.in_flight
    operation = None
    if status is not None:
        operation = Operation(
            id=in_flight.id,
            stack_set=Name("m-k"),
            action="CREATE",
            status=status,
            created=NOW,
            failed_count=len(failed) if count is None else count,
        )
    results = tuple(
        OperationResult(pair=Pair(account, US), status=ResultStatus.FAILED, reason=reason)
        for account, reason in failed
    )
    return Observations(
        operations={in_flight.id: OperationObservation(operation=operation, results=results)}
    )


def test_the_intent_is_in_the_state_that_is_committed_before_the_call() -> None:
    decision = started(a_plan())

    (action,) = decision.actions
    assert isinstance(action, StartOperation)
    assert [f.id for f in decision.state.in_flight] == [action.request.id]
    assert decision.state.waiting == ()


def test_an_operation_id_carries_the_state_and_is_never_too_long() -> None:
    """Without a journal, AWS itself tells which pairs already have what is wanted."""
    decision = started(a_plan(), LONGEST)

    (in_flight,) = decision.state.in_flight
    name = read_operation_id(in_flight.id)
    assert name is not None
    assert (name.rollout, name.state, name.attempt) == (LONGEST, DIGEST, 1)
    assert len(in_flight.id) <= MAX_LENGTH


def test_nothing_starts_before_the_definition_was_read() -> None:
    """An operation on stack instances applies whatever the stack set says at that moment."""
    plan = a_plan()
    state = begin(plan, DIGEST, FIRST, NOW)

    blind = decide(plan, state, Observations(), NOW)

    assert wanted(plan, state).definitions == {KEY}
    assert (blind.actions, blind.wake_after) == ((), timedelta())


def test_a_definition_that_was_changed_halts_before_the_next_operation() -> None:
    plan = a_plan()
    state = begin(plan, DIGEST, FIRST, NOW)
    other = Observations(definitions={KEY: StackSetDefinition(template_body="{other}")})

    halted = decide(plan, state, other, NOW)

    assert (halted.actions, halted.state.phase) == ((), Phase.HALTED)
    assert "m-k was changed by another process or person: template" in halted.state.note


def test_a_missing_stack_set_is_made_before_anything_else() -> None:
    plan = a_plan(StackSetChange.CREATE)

    first = started(plan)
    there = replace(UNTOUCHED, existing={KEY: True})
    second = decide(plan, first.state, there, NOW)

    assert [type(a) for a in first.actions] == [CreateStackSet]
    assert [type(a) for a in second.actions] == [StartOperation]


def test_a_running_operation_is_left_alone_for_the_square_root_of_its_age() -> None:
    plan = a_plan()
    state = started(plan).state
    later = NOW + timedelta(seconds=144)

    decision = decide(plan, state, seen(state, OperationStatus.RUNNING), later)

    assert decision == Decision(state=state, wake_after=timedelta(seconds=12))


def test_an_unknown_operation_is_sent_again_unchanged() -> None:
    plan = a_plan()
    first = started(plan)

    again = decide(plan, first.state, seen(first.state, None), NOW)

    assert again.actions == first.actions
    assert again.state == first.state


def test_success_with_fewer_results_than_failures_is_not_believed() -> None:
    plan = a_plan()
    state = started(plan).state

    decision = decide(plan, state, seen(state, OperationStatus.SUCCEEDED, count=1), NOW)

    assert len(decision.state.in_flight) == 1
    assert decision.state.completed == ()


def test_a_throttled_instance_is_tried_again_later_and_alone() -> None:
    plan = a_plan()
    state = started(plan).state
    what = seen(state, OperationStatus.SUCCEEDED, (TWO, "Rate exceeded"))

    waiting = decide(plan, state, what, NOW)
    again = decide(plan, waiting.state, UNTOUCHED, NOW + timedelta(seconds=30))

    assert waiting.actions == ()
    assert waiting.wake_after == timedelta(seconds=30)
    (action,) = again.actions
    assert isinstance(action, StartOperation)
    assert action.request.accounts == (TWO,)
    assert action.request.id != state.in_flight[0].id


def test_more_failures_than_allowed_halt_and_fewer_do_not() -> None:
    for allowed, phase in ((0, Phase.HALTED), (1, Phase.VERIFYING)):
        plan = a_plan(allowed=allowed)
        state = started(plan).state
        what = seen(state, OperationStatus.SUCCEEDED, (ONE, "no such thing"))

        decision = decide(plan, state, what, NOW)
        while decision.wake_after == timedelta():
            if decision.state.phase is Phase.VERIFYING:
                break
            decision = decide(plan, decision.state, UNTOUCHED, NOW)

        assert decision.state.phase is phase
        assert [f.kind for f in decision.state.failed] == [FailureClass.PERMANENT]


def test_a_suspended_account_is_skipped_and_counts_as_no_failure() -> None:
    plan = a_plan()
    state = started(plan).state
    what = seen(state, OperationStatus.SUCCEEDED, (ONE, "ACCOUNT_SUSPENDED"))

    decision = decide(plan, state, what, NOW)

    assert decision.state.failed == ()
    assert [f.kind for f in decision.state.failures] == [FailureClass.SKIPPED]


def test_what_was_reported_as_done_but_is_not_there_is_a_failure() -> None:
    plan = a_plan()
    state = replace(
        begin(plan, DIGEST, RolloutId("m-1"), NOW),
        phase=Phase.VERIFYING,
        wave=1,
        waiting=(),
        verifying_since=NOW,
    )
    nothing = Observations(instances={KEY: {}})

    early = decide(plan, state, nothing, NOW)
    late = decide(plan, state, nothing, NOW + timedelta(minutes=2))

    assert early.state.phase is Phase.VERIFYING
    assert late.state.phase is Phase.FINISHED
    assert {f.kind for f in late.state.failed} == {FailureClass.UNPROVEN}


def test_a_decision_asks_only_for_what_it_waits_for() -> None:
    plan = a_plan()
    state = started(plan).state

    assert wanted(plan, state).operations == {state.in_flight[0].id: KEY}
    assert wanted(plan, state).existing == frozenset()


def test_state_and_plan_survive_the_journal_unchanged() -> None:
    plan = a_plan()
    state = started(plan).state

    assert read_plan(plan_document(plan)) == plan
    assert read_state(state_document(state)) == state


def test_a_plan_of_before_there_were_windows_is_never_closed() -> None:
    plan = a_plan()
    document = {key: each for key, each in plan_document(plan).items() if key != "windows"}

    assert read_plan(document) == plan
    guarded = replace(plan, windows=windows_of([ResyncWindow(days=("mon",))]))
    assert read_plan(plan_document(guarded)) == guarded


def test_a_look_is_never_more_often_than_8_s_and_never_rarer_than_30_s() -> None:
    assert next_look(NOW, NOW) == timedelta(seconds=8)
    assert next_look(NOW, NOW + timedelta(hours=3)) == timedelta(seconds=30)


def test_an_operation_is_left_alone_from_when_it_was_looked_at() -> None:
    """Others that are looked at in between neither hasten its next look nor put it off."""
    hour, second = timedelta(hours=1), timedelta(seconds=1)

    assert until_next_look(NOW, NOW + hour, NOW + hour) == 30 * second
    assert until_next_look(NOW, NOW + hour, NOW + hour + 20 * second) == 10 * second
    assert until_next_look(NOW, NOW + hour, NOW + hour + 50 * second) == timedelta()
