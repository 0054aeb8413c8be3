"""The way out of a wave: a soak until an absolute time, an alarm that stays quiet, an approval."""

from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.model.words import count, span
from orgrollout.plan.model.plan import Gate, PlannedWave
from orgrollout.rollout.state.decision import Decision, Event, EventKind, Observations
from orgrollout.rollout.state.state import Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView

_SHOWN = 5  # failures, in an approval
QUIET = "OK"  # of the states an alarm may have, the only one that lets a wave pass


def gate_of(view: RolloutView) -> Gate:
    """Return what the current wave has to pass; nothing where no other wave follows."""
    last = view.state.wave + 1 >= len(view.plan.waves)
    return Gate() if last else view.plan.waves[view.state.wave].gate


def watched_alarm(view: RolloutView) -> str | None:
    """Return the ARN of the alarm that has to be looked at now, if there is one."""
    return gate_of(view).alarm if view.state.phase is Phase.SOAKING else None


def soak(view: RolloutView, now: datetime) -> Decision | None:
    """Return the decision to soak, or nothing where the wave does not, or has.

    Its end is absolute: neither a restart nor a stop in between begins it again. Where it ended
    meanwhile, an alarm is still looked at once before the wave has passed.
    """
    gate, wave = gate_of(view), _current(view)
    if not gate.soak:
        return None
    until = view.state.soaks.get(wave.index, now + gate.soak)
    if until <= now and not gate.alarm:
        return None
    text = f"wave {wave.name} soaks for {span(gate.soak)}, until {until.isoformat()}"
    soaks = {**view.state.soaks, wave.index: until}
    soaking = replace(view.state, phase=Phase.SOAKING, wake=until, soaks=soaks)
    event = Event(kind=EventKind.SOAK, text=text)
    events = (event,) if now < until else ()
    return Decision(state=soaking, wake_after=max(until - now, timedelta()), events=events)


def alarmed(view: RolloutView, observations: Observations) -> str:
    """Return why the alarm halts the rollout, or nothing where it is quiet or not watched."""
    arn = watched_alarm(view)
    if arn is None or observations.alarm == QUIET:
        return ""
    said = f"is {observations.alarm}" if observations.alarm else "does not exist in the home Region"
    return f"wave {_current(view).name}: alarm {arn.rpartition(':')[2]} {said}"


def is_soaking(state: RolloutState, now: datetime) -> bool:
    """Return whether the soak goes on."""
    return state.phase is Phase.SOAKING and state.wake is not None and now < state.wake


def awaits_approval(view: RolloutView) -> Decision | None:
    """Return the decision to wait for an approval, or nothing where none is needed any more."""
    wave = _current(view)
    if not gate_of(view).approval or wave.index in view.state.approved:
        return None
    text = f"wave {wave.name} is done; the next one waits for an approval"
    told = () if view.state.phase is Phase.WAITING else (Event(kind=EventKind.APPROVAL, text=text),)
    return Decision(state=replace(view.state, phase=Phase.WAITING, wake=None), events=told)


def standing(view: RolloutView) -> str:
    """Return what a person should know before letting the next wave start, in a few lines."""
    plan, state = view.plan, view.state
    wave, coming = _current(view), plan.waves[state.wave + 1 :]
    mine = [one for one in state.completed if plan.operations[one.planned].wave == wave.index]
    failed = [f for f in state.failed if plan.operations[f.planned].wave == wave.index]
    accounts = len({f.pair.account for f in failed})
    after = sum(len(each.accounts) for each in coming[1:])
    planned = f", planned by {plan.planned_by}" if plan.planned_by else ""
    lines = [
        f"plan {state.plan} of {plan.manifest}{planned}, begun by {state.begun_by or 'unknown'}",
        f"wave {wave.name}: {count(sum(one.succeeded for one in mine), 'stack instance')} done, "
        f"{len(failed):,} failed in {accounts:,} of {count(len(wave.accounts), 'account')}",
        *(f"failed: {f.pair} {f.kind}: {f.reason}" for f in failed[:_SHOWN]),
        *(f"next: wave {each.name}, {count(len(each.accounts), 'account')}" for each in coming[:1]),
        *([f"after it: {count(after, 'account')}"] if after else []),
    ]
    return "\n".join(lines)


def _current(view: RolloutView) -> PlannedWave:
    return view.plan.waves[view.state.wave]
