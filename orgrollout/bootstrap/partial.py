"""A template with some parameters given for good: what follows from them is worked out.

A value may be a reference to a resource. Conditions that are decided go, and so does what only the
other branch needs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_NAME = re.compile(r"\$\{([^!${}]+)\}")
_NO_VALUE = {"Ref": "AWS::NoValue"}
_DECLARED = ("Conditions", "Parameters")


def with_parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is left of a template, without the parameters that are given."""
    worked_out = _Partial(template, given)
    made = {name: worked_out.section(name) for name in ("Resources", "Outputs")}
    made["Conditions"] = {
        name: left
        for name in template.get("Conditions", {})
        if not isinstance(left := worked_out.left_of(name), bool)
    }
    made["Parameters"] = {n: p for n, p in template["Parameters"].items() if n not in given}
    return only_used(made)


def only_used(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template without conditions and parameters that nothing uses."""
    made = dict(template)
    for section in _DECLARED:
        rest = {name: each for name, each in made.items() if name != section}
        used, found = set(references(rest)), made[section]
        while more := {n for name in used & set(found) for n in references(found[name])} - used:
            used |= more
        made[section] = {name: each for name, each in found.items() if name in used}
    return made


def references(value: Any) -> Iterator[str]:
    """Yield the names of parameters, conditions and resources that a value refers to."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": str(name)} if len(value) == 1:
            yield name.split(".")[0]
        case {"Fn::Sub": str(text)} if len(value) == 1:
            yield from (each.split(".")[0] for each in _NAME.findall(text))
        case {"Fn::If": [str(name), *branches]}:
            yield from (name, *references(branches))
        case {"Condition": str(name)}:
            yield from (name, *references([each for each in value.values() if each != name]))
        case dict():
            yield from references(list(value.values()))
        case list():
            yield from (name for each in value for name in references(each))


class _Partial:
    """Works out what it can; the rest stays as it is written."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self._template = template
        self._given = given
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": lambda name: given.get(name, {"Ref": name}),
            "Condition": self.condition,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::And": lambda many: self._all("Fn::And", many, neutral=True),
            "Fn::Or": lambda many: self._all("Fn::Or", many, neutral=False),
        }

    def section(self, name: str) -> dict[str, Any]:
        """Return resources or outputs: those whose condition may hold."""
        made = {}
        for key, each in self._template.get(name, {}).items():
            holds = self.condition(each["Condition"]) if "Condition" in each else True
            if holds is False:
                continue
            rest = self.value({k: v for k, v in each.items() if k != "Condition"})
            needed = {} if holds is True else {"Condition": each["Condition"]}
            made[key] = (
                {"Type": rest["Type"], **needed, **rest} if "Type" in rest else needed | rest
            )
        return made

    def condition(self, name: str) -> Any:
        """Return whether a condition holds, or the condition where that is open."""
        left = self.left_of(name)
        return left if isinstance(left, bool) else {"Condition": name}

    def left_of(self, name: str) -> Any:
        """Return what is left of the text of a condition."""
        return self.value(self._template["Conditions"][name])

    def value(self, given: Any) -> Any:
        """Return what is left of a value."""
        match given:
            case dict() if len(given) == 1 and (name := next(iter(given))) in self._functions:
                return self._functions[name](given[name])
            case dict():
                found = {key: self.value(each) for key, each in given.items()}
                return {key: each for key, each in found.items() if each != _NO_VALUE}
            case list():
                return [each for each in map(self.value, given) if each != _NO_VALUE]
            case _:
                return given

    def _sub(self, text: str) -> Any:
        made = _NAME.sub(self._named, text)
        return {"Fn::Sub": made} if _NAME.search(made) else made

    def _named(self, match: re.Match[str]) -> str:
        match self._given.get(match[1], match[0]):
            case {"Ref": str(name)} | {"Fn::GetAtt": str(name)}:
                return f"${{{name}}}"
            case value:
                return str(value)

    def _if(self, given: Any) -> Any:
        name, *branches = given
        holds = self.condition(name)
        if isinstance(holds, bool):
            return self.value(branches[0 if holds else 1])
        # What has no value stays here: it takes a branch.
        return {"Fn::If": [name, *(self.value(each) for each in branches)]}

    def _join(self, given: Any) -> Any:
        parts = self.value(given[1])
        if not isinstance(parts, list):
            return {"Fn::Join": [given[0], parts]}
        if all(isinstance(each, str) for each in parts):
            return given[0].join(parts)
        left = [each for each in parts if each or given[0]]
        return left[0] if len(left) == 1 else {"Fn::Join": [given[0], left]}

    def _equals(self, given: Any) -> Any:
        two = [self.value(each) for each in given]
        if two[0] == two[1]:
            return True
        if all(isinstance(each, str) for each in two) or _is_resource(two[0], self._template):
            return False
        return {"Fn::Equals": two}

    def _not(self, given: Any) -> Any:
        left = self.value(given[0])
        return not left if isinstance(left, bool) else {"Fn::Not": [left]}

    def _all(self, function: str, given: Any, *, neutral: bool) -> Any:
        left = [each for each in map(self.value, given) if each is not neutral]
        if (not neutral) in left:
            return not neutral
        if not left:
            return neutral
        return left[0] if len(left) == 1 else {function: left}


def _is_resource(value: Any, template: Mapping[str, Any]) -> bool:
    """Return whether a value names a resource, which is never an empty text."""
    match value:
        case {"Fn::GetAtt": _}:
            return True
        case {"Ref": str(name)}:
            return not name.startswith("AWS::") and name not in template["Parameters"]
        case _:
            return False
