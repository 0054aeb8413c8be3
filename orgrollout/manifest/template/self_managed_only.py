"""What a template may have in self-managed stack sets only.

Service-managed stack sets take no macros, those that CloudFormation hosts (AWS::Include,
AWS::Serverless) included (CreateStackSet, API reference), and no nested stacks (user guide).
"""

from collections.abc import Iterator

import yaml

_NESTED = "AWS::CloudFormation::Stack"


def self_managed_only(root: yaml.Node) -> tuple[str, ...]:
    """Return what CloudFormation refuses in a service-managed stack set, in words."""
    top = _keys(root)
    transforms = [f"the transform {name}" for name in _texts(top.get("Transform"))]
    resources = _keys(top.get("Resources"))
    nested = [
        f"the nested stack {name}"
        for name, resource in resources.items()
        if _NESTED in _texts(_keys(resource).get("Type"))
    ]
    inside = ["Fn::Transform"] if any(map(_transforms, _all(root))) else []
    return tuple(dict.fromkeys([*transforms, *inside, *nested]))


def _transforms(node: yaml.Node) -> bool:
    return node.tag == "!Transform" or "Fn::Transform" in _keys(node)


def _all(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every node once, however many aliases lead to it."""
    seen: set[int] = set()
    open_ones = [root]
    while open_ones:
        node = open_ones.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            open_ones += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            open_ones += node.value


def _keys(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _texts(node: yaml.Node | None) -> list[str]:
    """Return a text, or the texts of a list; a macro with parameters is told by its Name."""
    if isinstance(node, yaml.SequenceNode):
        return [text for each in node.value for text in _texts(each)]
    if isinstance(node, yaml.MappingNode):
        return _texts(_keys(node).get("Name"))
    return [node.value] if isinstance(node, yaml.ScalarNode) else []
