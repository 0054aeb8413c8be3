"""What CloudFormation refuses in a template: no type, references to nothing, values of null.

Templates with macros are passed over: what a macro makes is not known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from orgrollout.errors import Problem
from orgrollout.manifest.template.intrinsic import plain, variables
from orgrollout.manifest.text.document import FieldPath, dotted
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.shown import visible

_NULL = "tag:yaml.org,2002:null"
_SECTIONS = ("Conditions", "Resources", "Outputs")


@dataclass(frozen=True, slots=True)
class _Names:
    """What there is to refer to."""

    resources: frozenset[str]
    parameters: frozenset[str]
    conditions: frozenset[str]
    mappings: frozenset[str]
    values: frozenset[str] = field(init=False)  # what Ref may name

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", self.resources | self.parameters)


@dataclass(slots=True)
class _Walk:
    file: str
    names: _Names
    open: set[int] = field(default_factory=set)

    def problem(self, node: yaml.Node, path: FieldPath, message: str, fix: str) -> Problem:
        return Problem(
            message=visible(message),
            file=self.file,
            line=node.start_mark.line + 1,
            column=node.start_mark.column + 1,
            field=visible(dotted(path)),
            fix=visible(fix),
        )

    def missing(
        self, node: yaml.Node, path: FieldPath, name: str, known: frozenset[str], what: str
    ) -> Iterator[Problem]:
        if name not in known and not name.startswith("AWS::"):
            message = f"refers to {what}`{name}`, which the template does not have."
            fix = did_you_mean(name, known, f"Add it, or remove the reference to `{name}`.")
            yield self.problem(node, path, message, fix)

    def below(self, node: yaml.Node, path: FieldPath) -> Iterator[Problem]:
        """Yield what is wrong below a node."""
        if id(node) in self.open:
            return
        self.open.add(id(node))
        if node.tag == _NULL:
            fix = "Give it a value, or leave it out."
            yield self.problem(node, path, "is null, which no template may have.", fix)
        called = _function(node)
        if called is not None:
            yield from self.call(*called, path, node)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else "?"
                yield from self.below(value, (*path, name))
        elif isinstance(node, yaml.SequenceNode):
            for index, each in enumerate(node.value):
                yield from self.below(each, (*path, index))
        self.open.discard(id(node))

    def call(
        self, name: str, argument: object, path: FieldPath, node: yaml.Node
    ) -> Iterator[Problem]:
        """Yield what the call of an intrinsic function refers to and is not there."""
        first = argument[0] if isinstance(argument, list) and argument else argument
        match name:
            case "Ref" if isinstance(argument, str):
                yield from self.missing(node, path, argument, self.names.values, "")
            case "Fn::GetAtt" if isinstance(first, str):
                target = first.partition(".")[0]
                yield from self.missing(node, path, target, self.names.resources, "a resource ")
            case "Fn::Sub" if isinstance(first, str):
                yield from self.substituted(first, argument, path, node)
            case "Condition" if isinstance(argument, str) and path[0] == "Conditions":
                known = self.names.conditions
                yield from self.missing(node, path, argument, known, "a condition ")
            case "Fn::If" if isinstance(first, str) and isinstance(argument, list):
                yield from self.missing(node, path, first, self.names.conditions, "a condition ")
            case "Fn::FindInMap" if isinstance(first, str) and isinstance(argument, list):
                yield from self.missing(node, path, first, self.names.mappings, "a mapping ")

    def substituted(
        self, text: str, argument: object, path: FieldPath, node: yaml.Node
    ) -> Iterator[Problem]:
        own = argument[1] if isinstance(argument, list) and len(argument) > 1 else {}
        given = frozenset(map(str, own)) if isinstance(own, Mapping) else frozenset()
        for variable in variables(text):
            name, dot, _ = variable.partition(".")
            known = self.names.resources if dot else self.names.values
            if variable not in given:
                yield from self.missing(node, path, name, known, "")


def dangling(root: yaml.Node, file: str) -> Iterator[Problem]:
    """Yield each resource without a type, and each reference to what is not there."""
    top = _keys(root)
    if "Transform" in top or _has_macro(root):
        return
    names = _Names(*(frozenset(_keys(top.get(section))) for section in _tables()))
    walk = _Walk(file, names)
    for name, resource in _keys(top.get("Resources")).items():
        yield from _resource(walk, name, resource)
    for name, output in _keys(top.get("Outputs")).items():
        yield from _conditioned(walk, output, ("Outputs", name))
    for section in _SECTIONS:
        if section in top:
            yield from walk.below(top[section], (section,))


def _tables() -> tuple[str, ...]:
    return ("Resources", "Parameters", "Conditions", "Mappings")


def _resource(walk: _Walk, name: str, resource: yaml.Node) -> Iterator[Problem]:
    path: FieldPath = ("Resources", name)
    attributes = _keys(resource)
    if not isinstance(resource, yaml.MappingNode):
        yield walk.problem(resource, path, "must be a mapping.", "Write its Type and Properties.")
        return
    kind = attributes.get("Type")
    if not isinstance(kind, yaml.ScalarNode) or not kind.value:
        yield walk.problem(resource, path, "the resource has no Type.", "Write Type: AWS::...")
    depends = attributes.get("DependsOn")
    for node in depends.value if isinstance(depends, yaml.SequenceNode) else [depends]:
        if isinstance(node, yaml.ScalarNode):
            at = (*path, "DependsOn")
            known = walk.names.resources
            yield from walk.missing(node, at, node.value, known, "a resource ")
    yield from _conditioned(walk, resource, path)


def _conditioned(walk: _Walk, node: yaml.Node, path: FieldPath) -> Iterator[Problem]:
    condition = _keys(node).get("Condition")
    if isinstance(condition, yaml.ScalarNode):
        at = (*path, "Condition")
        known = walk.names.conditions
        yield from walk.missing(condition, at, condition.value, known, "a condition ")


def _function(node: yaml.Node) -> tuple[str, object] | None:
    """Return the intrinsic function that a node calls, in its long form, and what with."""
    if node.tag.startswith("!"):
        ((name, argument),) = plain(node).items()
        return name, argument
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        if isinstance(key, yaml.ScalarNode) and (
            key.value in {"Ref", "Condition"} or key.value.startswith("Fn::")
        ):
            return key.value, plain(value)
    return None


def _has_macro(root: yaml.Node) -> bool:
    """Return whether a macro makes a part of the template, or a loop makes names."""
    open_, seen = [root], set[int]()
    while open_:
        node = open_.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        keys = (
            [k.value for k, _ in node.value if isinstance(k, yaml.ScalarNode)]
            if isinstance(node, yaml.MappingNode)
            else []
        )
        if node.tag == "!Transform" or any(
            key == "Fn::Transform" or key.startswith("Fn::ForEach") for key in keys
        ):
            return True
        if isinstance(node, yaml.MappingNode):
            open_ += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            open_ += node.value
    return False


def _keys(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
