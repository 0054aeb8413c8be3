"""Intrinsic functions of a template: read in their long form, worked out where that is possible.

What a function stands for is known only as far as parameters, pseudo parameters and mappings tell.
Everything else is `UNKNOWN`, and so is all that is made of it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

UNKNOWN: Final = object()
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
_SHORT = {"!Ref": "Ref", "!Condition": "Condition"}


def plain(node: yaml.Node) -> Any:
    """Return a node as plain values; `!Sub x` is {"Fn::Sub": x}. Scalars are text or booleans."""
    made: Any
    match node:
        case yaml.MappingNode():
            made = {k.value: plain(v) for k, v in node.value if isinstance(k, yaml.ScalarNode)}
        case yaml.SequenceNode():
            made = [plain(each) for each in node.value]
        case _:
            is_bool = node.tag == "tag:yaml.org,2002:bool"
            made = node.value.lower() in {"true", "yes", "on"} if is_bool else node.value
    if not node.tag.startswith("!"):
        return made
    name = _SHORT.get(node.tag, f"Fn::{node.tag[1:]}")
    if name == "Fn::GetAtt" and isinstance(made, str):
        made = made.split(".", 1)
    return {name: made}


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What is known where a stack is made."""

    parameters: Mapping[str, Any]  # those that are missing are unknown
    pseudo: Mapping[str, str]
    conditions: Mapping[str, Any] = field(default_factory=dict)  # as the template writes them
    mappings: Mapping[str, Any] = field(default_factory=dict)

    def of(self, value: Any) -> Any:
        """Return what a value stands for, or `UNKNOWN`."""
        if isinstance(value, list):
            return _all(self.of(each) for each in value)
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                return UNKNOWN
        made = {key: self.of(each) for key, each in value.items()}
        return UNKNOWN if UNKNOWN in made.values() else made

    def holds(self, name: Any) -> Any:
        """Return whether a condition holds: True, False, or `UNKNOWN`."""
        if not isinstance(name, str) or name not in self.conditions:
            return UNKNOWN
        rest = {key: each for key, each in self.conditions.items() if key != name}
        inner = Values(
            parameters=self.parameters, pseudo=self.pseudo, conditions=rest, mappings=self.mappings
        )
        return inner.of(self.conditions[name])

    def named(self, name: Any) -> Any:
        """Return a parameter or pseudo parameter."""
        if not isinstance(name, str):
            return UNKNOWN
        return self.pseudo.get(name, self.parameters.get(name, UNKNOWN))


def _all(values: Any) -> Any:
    made = list(values)
    return UNKNOWN if any(each is UNKNOWN for each in made) else made


def _sub(values: Values, argument: Any) -> Any:
    text: Any = argument
    own: Any = {}
    if isinstance(argument, Sequence) and not isinstance(argument, str):
        text, own = argument[0], argument[1] if len(argument) > 1 else {}
    if not isinstance(text, str) or not isinstance(own, Mapping):
        return UNKNOWN
    found = {n: values.of(own[n]) if n in own else values.named(n) for n in variables(text)}
    if any(not isinstance(each, str) for each in found.values()):
        return UNKNOWN
    return _VARIABLE.sub(lambda m: str(found[m[1].strip()]), text).replace("${!", "${")


def variables(text: str) -> tuple[str, ...]:
    """Return the names between `${` and `}` that Fn::Sub replaces."""
    return tuple(dict.fromkeys(found.strip() for found in _VARIABLE.findall(text)))


def _join(values: Values, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
        return UNKNOWN
    parts = values.of(argument[1])
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return UNKNOWN
    return str(argument[0]).join(parts)


def _if(values: Values, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004
        return UNKNOWN
    holds = values.holds(argument[0])
    if holds is UNKNOWN:
        return UNKNOWN
    return values.of(argument[1] if holds else argument[2])


def _equals(values: Values, argument: Any) -> Any:
    sides = values.of(argument)
    if not isinstance(sides, list) or len(sides) != 2:  # noqa: PLR2004
        return UNKNOWN
    return _as_text(sides[0]) == _as_text(sides[1])


def _as_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _not(values: Values, argument: Any) -> Any:
    inner = values.of(argument[0]) if isinstance(argument, list) and argument else UNKNOWN
    return inner if inner is UNKNOWN else not inner


def _each(values: Values, argument: Any) -> list[Any]:
    """Return the value of each of several conditions; one that is unknown hides no other."""
    return [values.of(each) for each in argument] if isinstance(argument, list) else [UNKNOWN]


def _and(values: Values, argument: Any) -> Any:
    made = _each(values, argument)
    return False if False in made else UNKNOWN if UNKNOWN in made else True


def _or(values: Values, argument: Any) -> Any:
    made = _each(values, argument)
    return True if True in made else UNKNOWN if UNKNOWN in made else False


def _find(values: Values, argument: Any) -> Any:
    keys = values.of(argument)
    if not isinstance(keys, list):
        return UNKNOWN
    found: Any = values.mappings
    for key in keys[:3]:
        found = (
            found.get(key, UNKNOWN)
            if isinstance(found, Mapping) and isinstance(key, str)
            else UNKNOWN
        )
    return found


_FUNCTIONS: Mapping[str, Callable[[Values, Any], Any]] = {
    "Ref": lambda values, name: values.named(name),
    "Condition": lambda values, name: values.holds(name),
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::FindInMap": _find,
}
