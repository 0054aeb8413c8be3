"""What must be observed before a rollout's next step is decided."""

from orgrollout.model.ids import OperationId, StackSetKey
from orgrollout.plan.model.plan import Plan, StackSetChange
from orgrollout.rollout.decide.wave_gates import watched_alarm
from orgrollout.rollout.operations.process_in_flight import is_inside
from orgrollout.rollout.operations.start_operations import unlaunched
from orgrollout.rollout.state.decision import ObservationRequest
from orgrollout.rollout.state.state import Phase, RolloutState
from orgrollout.rollout.state.waves import is_through, pieces_of_wave
from orgrollout.rollout.verify.foreign_changes import before_launch
from orgrollout.rollout.verify.verify_rollout import touched


def wanted(plan: Plan, state: RolloutState) -> ObservationRequest:
    """Return what must be observed before deciding."""
    if state.phase is Phase.PROVING:
        there = touched(plan) - state.gone
        return ObservationRequest(
            instances=there, definitions=frozenset(k for k in there if _stays(plan, k))
        )
    return ObservationRequest(
        operations={
            f.id: plan.operations[f.piece.planned].stack_set
            for f in (*state.flights, *state.withdrawn)
            if not is_inside(plan, f)
        },
        inside=tuple(f for f in state.flights if is_inside(plan, f)),
        existing=frozenset() if state.phase.is_over else _existing(plan, state),
        definitions=_definitions(plan, state),
        if_unknown=_to_send_again(plan, state),
        beside=_to_launch(plan, state),
        alarm=watched_alarm(plan, state),
    )


def _existing(plan: Plan, state: RolloutState) -> frozenset[StackSetKey]:
    taken_away = to_take_away(plan, state) if is_through(plan, state) else frozenset()
    return to_make(plan, state) | taken_away


def _definitions(plan: Plan, state: RolloutState) -> frozenset[StackSetKey]:
    if state.phase is not Phase.RUNNING:
        return frozenset()
    return before_launch(plan, state, unlaunched(plan, state))


def _to_send_again(plan: Plan, state: RolloutState) -> dict[OperationId, StackSetKey]:
    """Return the operations that are sent again if AWS does not know them, with stack sets."""
    if state.phase is not Phase.RUNNING:
        return {}
    return {
        flight.id: key
        for flight in state.flights
        for key in before_launch(plan, state, [flight.piece])
    }


def _to_launch(plan: Plan, state: RolloutState) -> frozenset[StackSetKey]:
    if state.phase is not Phase.RUNNING:
        return frozenset()
    waiting = pieces_of_wave(plan, state)
    return frozenset(plan.operations[piece.planned].stack_set for piece in waiting)


def to_make(plan: Plan, state: RolloutState) -> frozenset[StackSetKey]:
    """Return the stack sets that are still to be created."""
    return _changing(plan, StackSetChange.CREATE) - state.made


def to_take_away(plan: Plan, state: RolloutState) -> frozenset[StackSetKey]:
    """Return the stack sets that are still to be deleted."""
    return _changing(plan, StackSetChange.DELETE) - state.gone


def _changing(plan: Plan, change: StackSetChange) -> frozenset[StackSetKey]:
    return frozenset(key for key, s in plan.stack_sets.items() if s.change is change)


def _stays(plan: Plan, key: StackSetKey) -> bool:
    return plan.stack_sets[key].change is not StackSetChange.DELETE
