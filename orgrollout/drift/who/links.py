"""Deletions that name only what was deleted: for what it was made, its creation tells. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from orgrollout.drift.who.event import Event
from orgrollout.drift.who.sought import Sought


def linked(sought: Sought, creations: Iterable[Event]) -> Sought:
    """Return what is sought with the ids of what was made for it, and of what was made for others.

    A creation for several subjects at once tells nothing of a single one.
    """
    names, others = list(sought.names), set(sought.not_its)
    for event in creations:
        made = _ids(event, sought)
        if not event.changes or len(made) != 1:
            continue
        if event.values & set(sought.names):
            names += made
        else:
            others |= made
    return replace(sought, names=tuple(dict.fromkeys(names)), not_its=frozenset(others))


def unnamed(events: Sequence[Event], sought: Sought) -> list[Event]:
    """Return deletions of which it is not known for what the deleted thing was made."""
    if sought.link is None:
        return []
    return [
        event
        for event in events
        if event.name == sought.events[0]
        and event.source == sought.source
        and event.changes
        and sought.since <= event.time <= sought.until
        and not _ids(event, sought) <= sought.not_its
    ]


def _ids(event: Event, sought: Sought) -> set[str]:
    prefix = sought.link.prefix if sought.link else ""
    return {value for value in event.values if prefix and value.startswith(prefix)}
