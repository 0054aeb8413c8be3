"""Which of several events changed what a finding is about. Pure.

An event counts if it changed something, names the resource, and lies in the time that is sought.
Of those that are not our own, the newest wins that is about the property; if none is about it, the
newest change of the resource, and the answer says that it is not sure. Our own come last: the
deployment made the resource what the template says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orgrollout.drift.who.actor import ActorKind
from orgrollout.drift.who.answer import Change, Origin
from orgrollout.drift.who.event import Event, stack_name
from orgrollout.drift.who.links import unnamed
from orgrollout.drift.who.sought import Sought

SESSION = "orgrollout"  # what this program calls its sessions in member accounts
_DELETES = ("Delete", "Remove", "ScheduleKeyDeletion", "Terminate")
_ENDINGS = re.compile(r"(configuration|document|s)$")
Stacks = Mapping[str, tuple[str, ...]]  # by the id of an event of CloudFormation's
_FEW = 3
_SHORTEST = 6  # letters of a parameter's name that tell something of a property
STACK_EVENTS = frozenset(
    {
        "ContinueUpdateRollback",
        "CreateStack",
        "DeleteStack",
        "ExecuteChangeSet",
        "RollbackStack",
        "UpdateStack",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The event that is taken for the change."""

    event: Event
    is_sure: bool
    others: int  # further events that changed the same thing


def concerns(event: Event, sought: Sought) -> bool:
    """Return whether an event changed what is sought, in the time that is sought."""
    if not event.changes or not sought.since <= event.time <= sought.until:
        return False
    if event.source != sought.source or (sought.events and event.name not in sought.events):
        return False
    return any(_is_named(name, event.values) for name in sought.names)


def is_about(event: Event, sought: Sought) -> bool:
    """Return whether an event is about the very property, or deletes the resource."""
    if sought.events:
        return True
    if sought.is_deleted:
        return event.name.startswith(_DELETES)
    if not sought.property:
        return False
    wanted = sought.property.lower()
    if wanted in {each.lower() for each in (*event.keys, *event.values)}:
        return True
    stem = _ENDINGS.sub("", "policy" if wanted == "policies" else wanted)
    switched = stem.removeprefix("enable")  # EnableKeyRotation: DisableKeyRotation
    if (switched if len(switched) >= _SHORTEST else stem) in event.name.lower():
        return True
    known = (_ENDINGS.sub("", key.lower()) for key in event.keys)
    return any(len(key) >= _SHORTEST and stem.endswith(key) for key in known)


def is_ours(event: Event, roles: Iterable[str]) -> bool:
    """Return whether this program made the request: its role, and its name of a session."""
    actor = event.actor
    return actor.kind is ActorKind.ROLE and actor.session == SESSION and actor.name in set(roles)


def choose(
    events: Sequence[Event], sought: Sought, roles: Sequence[str], stacks: Stacks
) -> Chosen | None:
    """Return the event that changed what is sought; None where there is none.

    ``events`` are the newest first. ``stacks`` are those that CloudFormation's requests may be for.
    """
    there = [event for event in events if concerns(event, sought)]
    if not there:
        perhaps = unnamed(events, sought)
        return Chosen(event=perhaps[0], is_sure=False, others=len(perhaps) - 1) if perhaps else None
    sure = {event.id for event in there if is_about(event, sought)}

    def rank(event: Event) -> int:
        origin = origin_of(event, sought, roles, stacks.get(event.id, ()))
        if origin is Origin.OURS:
            return 3
        if event.is_by_cloudformation and not stacks.get(event.id):
            return 2
        return 0 if event.id in sure else 1

    best = min(there, key=rank)  # of equals the first, which is the newest
    return Chosen(event=best, is_sure=best.id in sure, others=len(there) - 1)


def change_of(event: Event, sought: Sought, roles: Sequence[str], stacks: Stacks) -> Change:
    """Return an event as a change."""
    names = stacks.get(event.id, ())
    return Change(
        event=event.name,
        source=event.source,
        time=event.time,
        event_id=event.id,
        actor=event.actor,
        origin=origin_of(event, sought, roles, names),
        through=event.through,
        stack=" or ".join(names[:_FEW]),
    )


def stacks_of(event: Event, requests: Iterable[Event]) -> tuple[str, ...]:
    """Return the stacks for which CloudFormation may have made a request, by name.

    ``requests`` are those of CloudFormation's own API at that time. Those of the same session come
    before all others: CloudFormation goes on in the session of its caller, if the stack has no
    role of its own.
    """
    found = [e for e in requests if e.name in STACK_EVENTS and e.changes and e.time <= event.time]
    same = [each for each in found if each.session and each.session == event.session]
    return tuple(dict.fromkeys(each.stack for each in (same or found) if each.stack))


def is_of_the_stack(stack: str, sought: Sought) -> bool:
    """Return whether a stack is the one that the finding is in."""
    own = stack_name(sought.stack_id)
    made = re.fullmatch(rf"StackSet-{re.escape(sought.stack_set)}-[0-9a-f-]{{36}}", stack)
    return (stack != "" and stack == own) or made is not None


def origin_of(event: Event, sought: Sought, roles: Sequence[str], stacks: Iterable[str]) -> Origin:
    """Return where a change came from; ``stacks`` are those that it may have been made for."""
    if is_ours(event, roles) or any(is_of_the_stack(each, sought) for each in stacks):
        return Origin.OURS
    if event.is_by_cloudformation:
        return Origin.STACK
    return Origin.SERVICE if event.actor.kind is ActorKind.SERVICE else Origin.HAND


def _is_named(name: str, values: Iterable[str]) -> bool:
    """Return whether one of the texts is a name, or an ARN or URL that ends with it."""
    return any(
        value == name or (value.endswith((f":{name}", f"/{name}")) and ":" in value)
        for value in values
    )
