"""Changes of deployed resources by hand, outside CloudFormation."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from moto.iam.models import iam_backends

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.moto import watched_properties
from orgrollout.sandbox.moto.watched_properties import WATCHED
from orgrollout.sandbox.partitions import partition_of


def tamper(stack: Any, key: str, path: str, value: Any) -> None:
    """Set a property of a resource; ``None`` takes it away.

    ``path`` is that of a property difference, as ``/Policies/allow/Statement/0/Action``. Texts
    that hold JSON are looked into.

    Raises:
        SandboxError: There is no such resource or property, or its type is not checked.
    """
    kind, physical_id = _checked(stack, key)
    place = (stack.account_id, stack.region_name)
    name, *rest = path.strip("/").split("/")
    found = watched_properties.read(kind, place, physical_id, {name: None})
    if not found:
        raise SandboxError(f"{stack.name}: {key} ({kind}) has no {path}, or is deleted")
    raw = found[name].raw
    changed = _with(raw, rest, value) if rest else _as(raw, value)
    watched_properties.write(
        kind, place, physical_id, {name: watched_properties.Seen(None, changed)}
    )


def remove_resource(stack: Any, key: str) -> None:
    """Delete a resource in its service; the stack still believes in it.

    Raises:
        SandboxError: There is no such resource, or it is still there.
    """
    made = stack.resource_map.made(key)
    entry = dict(stack.resource_map.entries()).get(key)
    if made is None or entry is None:
        raise SandboxError(f"{stack.name} has no resource {key}")
    if entry["Type"] == "AWS::IAM::Role":
        _strip(stack, str(made.physical_resource_id))
    stack.forget_and_delete(key)
    stack.resource_map.keep(key, made, entry)
    if entry["Type"] in WATCHED and _is_there(stack, entry["Type"], made):
        raise SandboxError(f"{stack.name}: {key} ({entry['Type']}) could not be deleted")


def _is_there(stack: Any, kind: str, made: Any) -> bool:
    place = (stack.account_id, stack.region_name)
    return watched_properties.read(kind, place, str(made.physical_resource_id), {}) is not None


def _strip(stack: Any, name: str) -> None:
    """Take a role's policies away; IAM deletes no role that has some."""
    backend = iam_backends[stack.account_id][partition_of(stack.region_name)]
    for role in backend.roles.values():
        if role.name == name:
            role.policies.clear()
            role.managed_policies.clear()


def _checked(stack: Any, key: str) -> tuple[str, str]:
    made = stack.resource_map.made(key)
    if made is None:
        raise SandboxError(f"{stack.name} has no resource {key}")
    kind = str(dict(stack.resource_map.entries())[key]["Type"])
    if kind not in WATCHED:
        raise SandboxError(f"{stack.name}: {key} is of a type without drift detection, {kind}")
    return kind, str(made.physical_resource_id)


def _with(raw: Any, keys: Sequence[str], value: Any) -> Any:
    """Return ``raw`` with the place that ``keys`` lead to set to ``value``."""
    if isinstance(raw, bytes):
        return str(_with(raw.decode(), keys, value)).encode()
    if isinstance(raw, str):
        return json.dumps(_with(json.loads(raw), keys, value))
    changed = copy.copy(raw)
    key, *rest = keys
    if key == "-":
        return [*(raw if isinstance(raw, list) else [raw]), value]
    if isinstance(changed, list):
        position = int(key)
        new = _with(changed[position], rest, value) if rest else value
        changed[position : position + 1] = [] if new is None else [new]
    elif isinstance(changed, dict):
        new = _with(changed.get(key, {}), rest, value) if rest else value
        changed.pop(key, None)
        changed.update({} if new is None else {key: new})
    else:
        new = _with(getattr(changed, key), rest, value) if rest else value
        setattr(changed, key, new)
    return changed


def _as(raw: Any, value: Any) -> Any:
    """Return ``value`` in the form that a service keeps it in."""
    if isinstance(raw, bytes):
        return value if isinstance(value, bytes) else _text(value).encode()
    if isinstance(raw, str) and not isinstance(value, str) and value is not None:
        return _text(value)
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
