"""What a template says an SSM document contains, or an output, worked out as CloudFormation does.

Only what follows from parameters and from the place can be: references, conditions and texts. What
refers to another resource is known to CloudFormation alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn

import yaml

from orgrollout.model.content import as_text, content_digest
from orgrollout.model.ids import Digest

_DOCUMENT = "AWS::SSM::Document"
_PSEUDO = ("AWS::AccountId", "AWS::Region", "AWS::Partition")
_PLAIN = ("Fn::Join", "Fn::Split", "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or")
_NAME = re.compile(r"\$\{(!?)([^${}]*)\}")
_NOTHING = object()


class NotComparableError(ValueError):
    """What the template says cannot be worked out. Its words are the reason."""


def why_not_comparable(body: str, resource: str, secrets: frozenset[str]) -> str | None:
    """Return why a resource's content can never be compared; None if it can be."""
    template = parsed(body)
    resources = template.get("Resources") or {}
    if resource not in resources:
        return f"the template has no resource `{resource}`."
    if resources[resource].get("Type") != _DOCUMENT:
        return f"`{resource}` is no {_DOCUMENT}."
    content = resources[resource].get("Properties", {}).get("Content")
    return _why_not_known(f"the content of `{resource}`", content, template, secrets)


def why_output_unknown(body: str, output: str, secrets: frozenset[str]) -> str | None:
    """Return why the value of an output can never be worked out; None if it can be."""
    template = parsed(body)
    outputs = template.get("Outputs") or {}
    if output not in outputs:
        return f"the template has no output `{output}`."
    value = outputs[output].get("Value")
    return _why_not_known(f"the output `{output}`", value, template, secrets)


def expected_output(body: str, output: str, values: Mapping[str, str]) -> str:
    """Return the value of an output. ``values`` are the same as for the content of a document.

    Raises:
        NotComparableError: A value is not known.
    """
    template = parsed(body)
    return str(_Resolver(template, values).value(template["Outputs"][output]["Value"]))


def _why_not_known(
    what: str, given: Any, template: Mapping[str, Any], secrets: frozenset[str]
) -> str | None:
    named = {*(template.get("Parameters") or {}), *_PSEUDO, "AWS::NoValue"}
    for reference in _references(given, template):
        if reference in secrets:
            return f"{what} refers to `{reference}`, which is NoEcho."
        if reference not in named:
            return f"{what} depends on `{reference}`, which only AWS knows."
    return None


def expected_content(body: str, resource: str, values: Mapping[str, str]) -> Digest:
    """Return the digest of an SSM document's content as the template has it.

    ``values`` are those of all parameters, and AWS::AccountId, AWS::Region and AWS::Partition.

    Raises:
        NotComparableError: A value is not known.
    """
    template = parsed(body)
    content = template["Resources"][resource]["Properties"]["Content"]
    return content_digest(_Resolver(template, values).value(content))


def _references(content: Any, template: Mapping[str, Any]) -> Iterator[str]:
    """Yield all that a value depends on; functions that are not understood by their name."""
    match content:
        case {"Ref": str(name)}:
            yield name
        case {"Condition": str(name)} if len(content) == 1:
            yield from _references(_condition(template, name), template)
        case {"Fn::If": [str(name), *branches]}:
            yield from _references([_condition(template, name), branches], template)
        case {"Fn::Sub": str(text)}:
            yield from (m[2] for m in _NAME.finditer(text) if not m[1])
        case dict():
            yield from (key for key in content if key.startswith("Fn::") and key not in _PLAIN)
            yield from _references(list(content.values()), template)
        case list():
            for value in content:
                yield from _references(value, template)


def _condition(template: Mapping[str, Any], name: str) -> Any:
    return (template.get("Conditions") or {}).get(name, {"Ref": name})


class _Resolver:
    """Works out values of one template in one place."""

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self._template = template
        self._values = values
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._holds,
            "Fn::Equals": lambda two: as_text(self.value(two[0])) == as_text(self.value(two[1])),
            "Fn::Not": lambda one: not self.value(one[0]),
            "Fn::And": lambda many: all(self.value(each) for each in many),
            "Fn::Or": lambda many: any(self.value(each) for each in many),
            "Fn::If": lambda it: self.value(it[1] if self._holds(it[0]) else it[2]),
            "Fn::Join": lambda it: it[0].join(map(as_text, self.value(it[1]))),
            "Fn::Split": lambda it: as_text(self.value(it[1])).split(it[0]),
            "Fn::Sub": lambda text: _NAME.sub(self._named, text),
        }

    def value(self, given: Any) -> Any:
        match given:
            case dict() if len(given) == 1 and (name := next(iter(given))) in self._functions:
                return self._functions[name](given[name])
            case dict():
                found = {key: self.value(each) for key, each in given.items()}
                return {key: each for key, each in found.items() if each is not _NOTHING}
            case list():
                return [e for e in map(self.value, given) if e is not _NOTHING]
            case _:
                return given

    def _holds(self, name: str) -> bool:
        return bool(self.value(_condition(self._template, name)))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        value = self._values.get(name)
        if value is None or "{{resolve:" in value:
            _unknown(name)
        declared = (self._template.get("Parameters") or {}).get(name, {})
        kind = str(declared.get("Type", ""))
        return value.split(",") if kind == "CommaDelimitedList" or "List<" in kind else value

    def _named(self, match: re.Match[str]) -> str:
        if match[1]:
            return f"${{{match[2]}}}"
        return str(self._ref(match[2]))


def _unknown(name: str) -> NoReturn:
    raise NotComparableError(f"the value of {name} is known to CloudFormation alone")


class _Loader(yaml.SafeLoader):
    """Understands the short form of CloudFormation's functions, and no dates."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            return {name: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case yaml.MappingNode():
            return {name: loader.construct_mapping(node, deep=True)}
        case _:
            raise TypeError(node.tag)


def _dateas_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _dateas_text)


@lru_cache(maxsize=8)
def parsed(body: str) -> Mapping[str, Any]:
    """Return a template with its functions in their long form; shared, so not to be changed."""
    text = body.replace("\t", " ") if body.lstrip().startswith("{") else body
    found: Mapping[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    return found
