"""Faults as the organization file and the control path write them: a kind with arguments."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, get_type_hints

from orgrollout.sandbox.errors import SandboxFileError
from orgrollout.sandbox.kinds import span_of, unknown_region, wrong_kinds

_RESOURCE = {"account", "region", "stack_set", "logical_id", "after", "again", "by"}
KINDS: dict[str, set[str]] = {
    "fail": {"account", "region", "stack_set", "action", "times", "reason"},
    "stuck": {"account", "region", "stack_set", "action", "times", "reason"},
    "slow": {"account", "region", "stack_set", "action", "times", "seconds"},
    "deny": {"account", "region", "stack_set", "times", "action", "resource", "type"},
    "gate": {"account", "region", "status", "reason"},
    "throttle": {"operation", "service", "times", "per_second"},
    "server_error": {"operation", "service", "times"},
    "lose_response": {"operation", "service", "times"},
    "stale_request": {"operation", "times"},
    "delay": {"operation", "service", "times", "seconds"},
    "expire_credentials": {"account", "times"},
    "disable_region": {"account", "region"},
    "suspend": {"account", "after"},
    "close": {"account", "after"},
    "move": {"account", "to", "after"},
    "add_account": {"name", "to", "after"},
    "leave": {"account", "after"},
    "hide": {"account", "region", "resource_type", "name", "everyone"},
    "tamper": {*_RESOURCE, "path", "value"},
    "delete_resource": _RESOURCE,
    "remove_tag": {*_RESOURCE, "key"},
    "widen_policy": _RESOURCE,
    "stop_recorder": {"account", "region", "after", "again", "by"},
    "delete_rule": {"account", "region", "name", "after", "by"},
    "late_events": {"account", "seconds", "event", "times"},
    "lose_events": {"account", "event", "times"},
    "double_events": {"account", "event", "times"},
    "busy_trail": {"account", "region", "source", "count", "name", "after"},
    "drifted": {
        *("stack_set", "logical_id", "type", "differences", "share", "pairs", "status"),
        *("after", "again"),
    },
    "give_role": {"name", "external_id"},
    "break_delivery": {"account", "region", "code", "message"},
    "fail_remediation": {"account", "region", "reason", "times"},
    "replaces": {"account", "region", "stack_set", "logical_id", "replacement", "times"},
    "removes": {"account", "region", "stack_set", "logical_id", "times"},
    "refuse_change_set": {"account", "region", "stack_set", "reason", "times"},
    "fail_change_set": {"account", "region", "stack_set", "reason", "times"},
    "slow_change_set": {"account", "region", "stack_set", "step", "seconds", "times"},
    "stuck_change_set": {"account", "region", "stack_set", "step", "times"},
}


def parse_fault(entry: Any, source: str) -> tuple[str, dict[str, Any]]:
    """Return the method of ``Sandbox`` and its arguments for an entry of ``faults:``.

    An entry is a mapping of one kind to its arguments, e.g.
    ``{fail: {account: audit, region: eu-west-1, reason: Rate exceeded}}``; ``times: always``
    means for good. Spans are in seconds.

    Raises:
        SandboxFileError: The kind or an argument is unknown, or a span is not in seconds.
    """
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise SandboxFileError(source, [f"faults: expected one kind with arguments, not {entry!r}"])
    (kind, given), *_ = entry.items()
    if kind not in KINDS:
        raise SandboxFileError(source, [f"faults: {kind} is none of {', '.join(sorted(KINDS))}"])
    if given is not None and not isinstance(given, Mapping):
        raise SandboxFileError(source, [f"faults.{kind}: expected arguments, not {given!r}"])
    arguments = dict(given or {})
    unknown = [name for name in arguments if name not in KINDS[kind]]
    if unknown:
        raise SandboxFileError(source, [f"faults.{kind}: {', '.join(unknown)} is not known"])
    if arguments.get("times") == "always":
        arguments["times"] = None
    for name in ("after", "again", "seconds"):
        if name in arguments:
            arguments[name] = _span(source, f"faults.{kind}.{name}", arguments[name])
    return kind, arguments


def wrong_arguments(
    method: Callable[..., Any], arguments: Mapping[str, Any], place: str
) -> Iterator[str]:
    """Yield what is wrong with arguments of another kind than the method of a fault takes."""
    hints = get_type_hints(method)
    for name, value in arguments.items():
        where = f"{place}.{name}"
        yield from wrong_kinds(hints[name], value, where)
        if name == "region" and isinstance(value, str):
            yield from unknown_region(value, where)


def _span(source: str, place: str, given: Any) -> timedelta:
    span = span_of(given)
    if span is None:
        raise SandboxFileError(source, [f"{place}: expected a number of seconds, not {given!r}"])
    return span
