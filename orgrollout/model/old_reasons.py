"""Verdicts that earlier versions kept as sentences alone: read once, when a document is read."""

import re

from orgrollout.model.cause import Cause, OwnVerdict

_SENTENCES = (
    (r"refused: ", Cause.REFUSED),
    (r"came back: ", Cause.CAME_BACK),
    (r"could not be read: ", Cause.UNREAD),
    (r"no way into the account: ", Cause.NO_WAY_IN),
    (r"could not: timed out", Cause.UNREACHABLE),
    (r"could not: the stack is gone", Cause.STACK_GONE),
    (r"(could not: .* |drift detection )does not end", Cause.ENDLESS),
    (r"could not: (?P<said>.*)", Cause.NOT_REPAIRED),
    (r"somebody changed the stack before", Cause.CHANGED_MEANWHILE),
    (r"drift detection failed, so nothing is proven: (?P<said>.*)", Cause.UNPROVEN),
    (r".* could not be checked, so nothing is proven", Cause.UNPROVEN),
    (r"the stack is in (?P<said>\w+) state and cannot be updated", Cause.STACK_STATE),
    (r"the stack is (?P<said>\w+: .*)", Cause.STACK_FAILED),
    (r"the change set failed: (?P<said>.*)", Cause.STACK_FAILED),
    (r"the stack instance is gone: ", Cause.INSTANCE_GONE),
    (r"the stack instance is OUTDATED/", Cause.NOT_UPDATED),
    (
        r"(the stack instance is (?!\w+_ACCOUNT)|operation \S+ changed it|somebody else changed)",
        Cause.NOT_AS_REPORTED,
    ),
    (r"(no result was reported|Cancelled since nothing more)", Cause.NOT_TRIED),
    (r"(the step before it failed there|\S+ failed in this account)", Cause.DEPENDENCY),
)
_COMPILED = tuple((re.compile(pattern, re.DOTALL), cause) for pattern, cause in _SENTENCES)


def own_of(reason: str) -> OwnVerdict | None:
    """Return the verdict that a sentence of an earlier version stood for; None: it is AWS's."""
    for pattern, cause in _COMPILED:
        if match := pattern.match(reason):
            return OwnVerdict(cause=cause, said=match.groupdict().get("said") or "")
    return None
