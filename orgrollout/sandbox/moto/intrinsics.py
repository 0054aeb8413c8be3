"""The functions of templates, carried out as CloudFormation does, and refused in its words.

moto's own trip over some of what AWS takes (GetAZs of a reference, an index that is a text) and
raise whatever comes. What a name stands for is the scope's business.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from itertools import islice
from typing import Any, Protocol

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and "
    "(2) a string to be split or a function that returns a string to be split."
)
_JOIN = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and "
    "(2) a list of strings to be joined or a function that returns a list of strings (such as "
    "Fn::GetAZs) to be joined."
)


class TemplateError(Exception):
    """A template cannot be carried out; the message is CloudFormation's."""


class Scope(Protocol):
    """The values of a template's names in one stack."""

    def value_of(self, name: str) -> Any:
        """Return what Ref gives."""

    def attribute_of(self, name: str, attribute: str) -> Any:
        """Return what Fn::GetAtt gives."""

    def holds(self, condition: str) -> bool:
        """Return whether a condition holds."""

    def mapped(self, name: str) -> Any:
        """Return a mapping of the template; None if there is no such."""

    def exported(self, name: str) -> Any:
        """Return what a stack of this account and Region exports."""

    def zones(self, region: str) -> list[str]:
        """Return the Availability Zones of a Region; an empty name is the stack's own."""


def resolved(value: Any, scope: Scope) -> Any:
    """Return ``value`` with all functions carried out, without what AWS::NoValue stands for.

    Raises:
        TemplateError: A function cannot be carried out.
    """
    if isinstance(value, list):
        return [each for each in (resolved(one, scope) for one in value) if each is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        function = FUNCTIONS.get(name)
        if function is not None:
            return function(argument, scope)
    pairs = ((key, resolved(each, scope)) for key, each in value.items())
    return {key: each for key, each in pairs if each is not None}


def condition_holds(condition: Any, scope: Scope) -> bool:
    """Return whether a condition, as the template has it, holds."""
    if not isinstance(condition, dict) or len(condition) != 1:
        raise TemplateError("Template format error: Conditions can only be boolean operations")
    name, argument = next(iter(condition.items()))
    if name == "Condition":
        return scope.holds(argument)
    if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004
        one, other = (text_of(resolved(each, scope)) for each in argument)
        return bool(one == other)
    if name in ("Fn::And", "Fn::Or", "Fn::Not") and isinstance(argument, list):
        parts = [condition_holds(each, scope) for each in argument]
        return not parts[0] if name == "Fn::Not" else (all if name == "Fn::And" else any)(parts)
    raise TemplateError("Template format error: Conditions can only be boolean operations")


def text_of(value: Any) -> Any:
    """Return a number or boolean as CloudFormation writes it; other values as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _ref(argument: Any, scope: Scope) -> Any:
    return scope.value_of(str(argument))


def _attribute(argument: Any, scope: Scope) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:  # noqa: PLR2004
        message = "Template error: every Fn::GetAtt object requires two non-empty parameters, "
        raise TemplateError(message + "the resource name and the resource attribute")
    name, *rest = (text_of(resolved(each, scope)) for each in parts)
    return scope.attribute_of(name, ".".join(rest))


def _if(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004
        raise TemplateError("Template error: Fn::If requires a list argument with three elements")
    condition, positive, negative = argument
    return resolved(positive if scope.holds(condition) else negative, scope)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    parts = [resolved(each, scope) for each in argument]
    name, *keys = (text_of(each) for each in parts[:3])
    found = scope.mapped(name)
    for key in keys:
        found = found.get(key, found.get(_number(key))) if isinstance(found, dict) else None
    if found is None and len(parts) > 3 and isinstance(parts[3], dict):  # noqa: PLR2004
        found = parts[3].get("DefaultValue")
    if found is None:
        path = "::".join([str(name), *map(str, keys)])
        raise TemplateError(f"Template error: Unable to get mapping for {path}")
    return resolved(found, scope)


def _join(argument: Any, scope: Scope) -> str:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
        raise TemplateError(_JOIN)
    delimiter, parts = argument[0], resolved(argument[1], scope)
    texts: list[Any] = [None]
    if isinstance(parts, list):
        texts = [text_of(each) for each in parts]
    if not isinstance(delimiter, str) or not all(isinstance(each, str) for each in texts):
        raise TemplateError(_JOIN)
    return delimiter.join(texts)


def _split(argument: Any, scope: Scope) -> list[str]:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
        raise TemplateError(_SPLIT)
    delimiter, text = argument[0], text_of(resolved(argument[1], scope))
    if not isinstance(text, str) or not delimiter:
        raise TemplateError(_SPLIT)
    return text.split(str(delimiter))


def _select(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
        message = "Template error: Fn::Select requires a list argument with two elements: an "
        raise TemplateError(message + "integer index and a list")
    index, items = resolved(argument[0], scope), resolved(argument[1], scope)
    number = _number(text_of(index))
    if not isinstance(items, list) or number is None or not 0 <= number < len(items):
        raise TemplateError(
            f"Template error: Fn::Select cannot select nonexistent value at index {index}"
        )
    return items[number]


def _number(text: Any) -> int | None:
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def _sub(argument: Any, scope: Scope) -> str:
    text, variables = argument if isinstance(argument, list) else (argument, {})
    if not isinstance(text, str) or not isinstance(variables, dict):
        message = "Template error: One or more Fn::Sub intrinsic functions don't specify expected "
        raise TemplateError(message + "arguments.")
    own = {key: resolved(each, scope) for key, each in variables.items()}

    def replaced(found: re.Match[str]) -> str:
        literal, name = found[1], found[2].strip()
        if literal:
            return f"${{{found[2]}}}"
        if name in own:
            value = own[name]
        elif "." in name:
            value = _attribute(name, scope)
        else:
            value = scope.value_of(name)
        return _as_text(value)

    return _VARIABLE.sub(replaced, text)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    text = text_of(value)
    if isinstance(text, list):
        return ",".join(_as_text(each) for each in text)
    return text if isinstance(text, str) else json.dumps(text)


def _import(argument: Any, scope: Scope) -> Any:
    return scope.exported(_as_text(resolved(argument, scope)))


def _zones(argument: Any, scope: Scope) -> list[str]:
    return scope.zones(_as_text(resolved(argument, scope)))


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(_as_text(resolved(argument, scope)).encode()).decode()


def _cidr(argument: Any, scope: Scope) -> list[str]:
    parts = resolved(argument, scope)
    try:
        block, count, *rest = parts
        network = ip_network(block)
        bits = int(rest[0]) if rest else 8
        subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
        found = [str(each) for each in islice(subnets, int(count))]
    except (TypeError, ValueError) as error:
        raise TemplateError(f"Template error: Fn::Cidr is malformed: {parts}") from error
    if len(found) < int(count):
        raise TemplateError(f"Template error: Fn::Cidr cannot allocate {count} blocks in {block}")
    return found


def _json(argument: Any, scope: Scope) -> str:
    return json.dumps(resolved(argument, scope), separators=(",", ":"), default=str)


def _length(argument: Any, scope: Scope) -> int:
    found = resolved(argument, scope)
    if not isinstance(found, list):
        raise TemplateError("Template error: Fn::Length expects a list")
    return len(found)


def _transform(argument: Any, scope: Scope) -> Any:  # noqa: ARG001
    name = argument.get("Name") if isinstance(argument, Mapping) else argument
    raise TemplateError(f"No transform named {name} found.")


def _condition(argument: Any, scope: Scope) -> bool:
    return scope.holds(argument)


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _attribute,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::Sub": _sub,
    "Fn::ImportValue": _import,
    "Fn::GetAZs": _zones,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::ToJsonString": _json,
    "Fn::Length": _length,
    "Fn::Transform": _transform,
}
