"""One event of CloudTrail: a request that was made, by whom, and what it names."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orgrollout.drift.who.actor import Actor, actor_of, text_of

CLOUDFORMATION = "cloudformation.amazonaws.com"
_DEEPEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A request as CloudTrail recorded it."""

    id: str
    name: str  # SetTopicAttributes
    source: str  # sns.amazonaws.com
    time: datetime
    actor: Actor
    session: str = ""  # the same for all requests of one session (principalId)
    through: str = ""  # the service that made the request for the actor (invokedBy)
    changes: bool = True  # it was no read, and it did not fail
    keys: frozenset[str] = frozenset()  # names of request parameters
    values: frozenset[str] = frozenset()  # texts in the request, the response and the resources
    stack: str = ""  # that a request to CloudFormation names

    @property
    def is_by_cloudformation(self) -> bool:
        """Return whether CloudFormation made the request, for the actor."""
        return self.through == CLOUDFORMATION


def event_of(text: Any) -> Event | None:
    """Return the event of a ``CloudTrailEvent``; None where it cannot be read."""
    try:
        found = json.loads(text)
        return _event(found) if isinstance(found, Mapping) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _event(found: Mapping[str, Any]) -> Event:
    identity = found.get("userIdentity")
    invoked = identity.get("invokedBy") if isinstance(identity, Mapping) else ""
    principal = identity.get("principalId") if isinstance(identity, Mapping) else ""
    asked = list(_walk(found.get("requestParameters"), _DEEPEST))
    others = list(_walk([found.get("responseElements"), found.get("resources")], _DEEPEST))
    actor = actor_of(identity)
    return Event(
        id=text_of(found["eventID"]),
        name=text_of(found["eventName"]),
        source=text_of(found["eventSource"]),
        time=datetime.strptime(found["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        actor=actor,
        session=text_of(principal),
        through="" if text_of(invoked) == actor.name else text_of(invoked),
        changes=not (found.get("readOnly") is True or found.get("errorCode")),
        keys=frozenset(key for key, _ in asked if key),
        values=frozenset(value for _, value in (*asked, *others) if value),
        stack=next((stack_name(text_of(value)) for key, value in asked if key == "stackName"), ""),
    )


def stack_name(stack: str) -> str:
    """Return the name of a stack from its name or its ARN."""
    return stack.split("/")[1] if stack.startswith("arn:") and "/" in stack else stack


def _walk(value: Any, depth: int, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every name with its text, however deep."""
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for name, each in value.items():
            if not isinstance(each, str):
                yield str(name), ""
            yield from _walk(each, depth - 1, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, depth - 1, key)
    elif isinstance(value, str):
        yield key, value
