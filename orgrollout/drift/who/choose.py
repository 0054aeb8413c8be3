"""Which of several events changed what a finding is about. Pure.

An event counts if it changed something, names the resource, and lies in the time that is sought.
Of those that are not our own, the newest wins that is about the property; if none is about it, the
newest change of the resource, and the answer says that it is not sure. Our own come last: the
deployment made the resource what the template says. An answer is not sure, either, if a newer event
speaks against it, or if several callers changed the property.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orgrollout.drift.who.about import is_about
from orgrollout.drift.who.actor import ActorKind
from orgrollout.drift.who.answer import Change, Origin
from orgrollout.drift.who.event import Event, stack_name
from orgrollout.drift.who.links import unnamed
from orgrollout.drift.who.sought import Sought

SESSION = "orgrollout"  # what this program calls its sessions in member accounts
Stacks = Mapping[str, tuple[str, ...]]  # by the id of an event of CloudFormation's
_FEW = 3
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
    about = {event.id: event for event in there if is_about(event, sought)}
    ours = {e.id for e in there if _origin(e, sought, roles, stacks) is Origin.OURS}

    def rank(event: Event) -> int:
        if event.id in ours:
            return 4
        is_known = not event.is_by_cloudformation or bool(stacks.get(event.id))
        if event.id in about:
            return 0 if is_known or sought.is_deleted else 1
        return 2 if is_known else 3

    best = min(there, key=rank)  # of equals the first, which is the newest
    against = there if sought.is_deleted else about.values()  # what is changed later was not gone
    is_sure = best.id in about and not any(event.time > best.time for event in against)
    if is_sure and sought.property and not sought.is_deleted:
        callers = {_caller(event) for event in about.values() if event.id not in ours}
        # A stack that is not known may be the one that the finding is in.
        is_known = not best.is_by_cloudformation or bool(stacks.get(best.id))
        is_sure = len(callers) <= 1 and is_known
    return Chosen(event=best, is_sure=is_sure, others=len(there) - 1)


def _caller(event: Event) -> tuple[ActorKind, str, str, str]:
    actor = event.actor
    return actor.kind, actor.name, actor.session, actor.account


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


def _origin(event: Event, sought: Sought, roles: Sequence[str], stacks: Stacks) -> Origin:
    return origin_of(event, sought, roles, stacks.get(event.id, ()))


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
