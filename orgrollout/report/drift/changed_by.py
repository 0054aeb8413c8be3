"""Who changed what was found, in words and for programs."""

from datetime import UTC, datetime
from typing import Any

from orgrollout.drift.who.actor import Actor, ActorKind
from orgrollout.drift.who.answer import LAG, Change, ChangedBy, Known, Origin
from orgrollout.report.layout.words import count, iso, word

_KINDS = {
    ActorKind.ROLE: "role",
    ActorKind.IAM_USER: "IAM user",
    ActorKind.ROOT: "the root user of",
    ActorKind.SERVICE: "AWS service",
    ActorKind.FEDERATED: "federated user",
    ActorKind.ACCOUNT: "another account,",
}


def changed_by_words(answer: ChangedBy) -> str:
    """Return an answer as one line."""
    if answer.known is Known.NOT_KNOWN or (answer.change is None and answer.known is Known.FOUND):
        return f"changed by: not known: {answer.why}"
    if answer.change is None:
        return f"changed by: not found in CloudTrail {_window(answer)}"
    change = answer.change
    by = f"changed by: {_who(change)}, {change.event}, {_utc(change.time)}"
    notes = []
    if change.origin is Origin.OURS:
        notes.append(f"no change by others found {_window(answer)}")
    elif not answer.is_sure:
        notes.append(
            "perhaps: the request does not name what differs, or another one may be the cause"
        )
    if answer.others and not answer.is_sure:
        notes.append(
            f"{count(answer.others, 'other change', 'other changes')} of the same resource"
        )
    if not answer.is_whole and change.origin is not Origin.OURS:
        notes.append(_window(answer))
    return f"{by} ({'; '.join(notes)})" if notes else by


def changed_by_json(answer: ChangedBy | None) -> dict[str, Any] | None:
    """Return an answer as JSON can hold it."""
    if answer is None:
        return None
    change = answer.change
    return {
        "answer": word(answer.known),
        "why": answer.why or None,
        "origin": change.origin.value if change else None,
        "actor": _actor_json(change.actor) if change else None,
        "through": (change.through or None) if change else None,
        "stack": (change.stack or None) if change else None,
        "event": change.event if change else None,
        "event_source": change.source if change else None,
        "event_id": change.event_id if change else None,
        "time": iso(change.time) if change else None,
        "sure": answer.is_sure if change else None,
        "other_changes": answer.others,
        "searched_from": iso(answer.since),
        "searched_to": iso(answer.until),
        "searched_all": answer.is_whole if answer.since else False,
        "may_be_early": answer.may_be_early,
        "asked": iso(answer.asked),
    }


def _actor_json(actor: Actor) -> dict[str, Any]:
    return {
        "kind": word(actor.kind),
        "name": actor.name,
        "session": actor.session or None,
        "account": actor.account or None,
        "arn": actor.arn or None,
    }


def _who(change: Change) -> str:
    actor = _actor(change.actor)
    match change.origin:
        case Origin.OURS:
            how = f"stack {change.stack}, " if change.stack else ""
            return f"orgrollout itself ({how}{actor})"
        case Origin.STACK:
            stack = f"the stack {change.stack}" if change.stack else "a stack that is not known"
            return f"{stack} (CloudFormation, as {actor})"
    return f"{actor} through {change.through}" if change.through else actor


def _actor(actor: Actor) -> str:
    if actor.kind is ActorKind.ROLE and actor.session:
        return f"role {actor.name}, session {actor.session}"
    if actor.kind is ActorKind.SSO_USER:
        return f"SSO user {actor.session}{f' ({actor.name})' if actor.name else ''}"
    if actor.kind is ActorKind.UNKNOWN:
        return f"an identity of unknown kind {actor.arn}".rstrip()
    return f"{_KINDS[actor.kind]} {actor.name}"


def _window(answer: ChangedBy) -> str:
    since, until = answer.since, answer.until
    if since is None or until is None:
        return ""
    text = f"from {_utc(since)} to {_utc(until)}"
    if not answer.is_whole:
        text += " (not all of the 90 days: too many events, or some that cannot be read)"
    if answer.may_be_early:
        text += f"; events may still come: ask again after {_utc(until + LAG)}"
    return text


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
