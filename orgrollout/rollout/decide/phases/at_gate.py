"""A wave is done, and the next one waits: for the end of a soak, or for an approval."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgrollout.rollout.decide.phases.phase import halted, in_flight_request, more, wave_event
from orgrollout.rollout.decide.start_block import start_block
from orgrollout.rollout.decide.wave_gates import awaits_approval, is_soaking, soak, watched_alarm
from orgrollout.rollout.operations.process_in_flight import SOON, process_in_flight
from orgrollout.rollout.state.decision import Decision, Event, ObservationRequest, Observations
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.view import RolloutView

ALARM_LOOKS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Soaking:
    """The rollout waits after a wave until an absolute time, and looks at an alarm meanwhile."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for the alarm, where the gate names one."""
        return replace(in_flight_request(self.view), alarm=watched_alarm(self.view))

    def decide(self, observations: Observations, now: datetime) -> Decision:
        """Halt on the alarm, go on soaking, or go on to the approval or the next wave."""
        so_far = process_in_flight(
            self.view, observations, now, start_block(self.view, observations, now)
        )
        return halted(self.view, so_far, observations, now) or self._go_on(so_far, now)

    def _go_on(self, so_far: Decision, now: datetime) -> Decision:
        state = so_far.state
        if is_soaking(state, now) and state.wake is not None:
            look = _next_alarm_look(self.view.at(state))
            return replace(so_far, wake_after=min(state.wake - now, look))
        return _ask_approval(self.view, so_far)


@dataclass(frozen=True, slots=True)
class WaitingForApproval:
    """The next wave starts once someone has approved it."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for what is in flight: the approval itself is in the state."""
        return in_flight_request(self.view)

    def decide(self, observations: Observations, now: datetime) -> Decision:
        """Go on waiting, or start the next wave."""
        so_far = process_in_flight(
            self.view, observations, now, start_block(self.view, observations, now)
        )
        return halted(self.view, so_far, observations, now) or _ask_approval(self.view, so_far)


def leave_wave(view: RolloutView, so_far: Decision, now: datetime) -> Decision:
    """Return the decision once a wave is done: to soak, to wait for an approval, or to go on."""
    soaking = soak(view.at(so_far.state), now)
    if soaking is None:
        return _ask_approval(view, so_far)
    first_look = min(soaking.wake_after or SOON, _next_alarm_look(view.at(soaking.state)))
    return more(so_far, soaking.state, wake_after=first_look, events=soaking.events)


def _next_alarm_look(view: RolloutView) -> timedelta:
    """Return when to look at the alarm next; for ever where there is none to look at."""
    return ALARM_LOOKS if watched_alarm(view) else timedelta.max


def _ask_approval(view: RolloutView, so_far: Decision) -> Decision:
    waiting = awaits_approval(view.at(so_far.state))
    if waiting is not None:
        return replace(more(so_far, waiting.state, events=waiting.events), wake_after=None)
    return _next_wave(view, so_far)


def _next_wave(view: RolloutView, so_far: Decision) -> Decision:
    state = replace(so_far.state, wave=so_far.state.wave + 1, phase=Phase.RUNNING, wake=None)
    events: tuple[Event, ...] = ()
    if state.wave < len(view.plan.waves):
        events = (wave_event(view.plan, state.wave),)
    return more(so_far, state, wake_after=timedelta(), events=events)
