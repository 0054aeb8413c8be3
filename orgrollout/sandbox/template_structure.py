"""Checks of a template before anything is deployed, as CreateStackSet makes them: names and shapes.

The wording is CloudFormation's where it is known from public reports.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.sandbox.errors import validation

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")


def check_structure(template: Mapping[str, Any]) -> None:
    """Refuse a template whose parts have another form, or name what is not there.

    Raises:
        ApiError: ValidationError.
    """
    _check_sections(template)
    declared = {*(template.get("Parameters") or {}), *template["Resources"]}
    for part in ("Resources", "Outputs"):
        names = _names(template.get(part), declared)
        unknown = sorted({n for n in names if n not in declared and not n.startswith("AWS::")})
        if unknown:
            raise _unresolved("resource dependencies [" + ", ".join(unknown) + "]", "Resources")
        _check_conditions(template, part)
    _check_circles(template["Resources"])


def _check_sections(template: Mapping[str, Any]) -> None:
    for name in _SECTIONS:
        part = template.get(name)
        if name in template and not isinstance(part, dict):
            raise validation(f"Template format error: {name} must be an object")
        null = next(_nulls(part, f"/{name}"), None) if part is not None else None
        if null is not None:
            raise validation(f"[{null}] 'null' values are not allowed in templates")
    _check_members(template, "Parameters", "Type")
    _check_members(template, "Outputs", "Value")
    for name, each in template["Resources"].items():
        if not isinstance(each.get("Properties", {}), dict):
            path = f"[/Resources/{name}/Properties]"
            raise validation(f"Template format error: {path} Properties must be an object")


def _check_members(template: Mapping[str, Any], part: str, member: str) -> None:
    for name, each in (template.get(part) or {}).items():
        if not isinstance(each, dict) or member not in each:
            message = f"Template format error: Every {part} object must contain a {member} member."
            raise validation(f"{message} ({name})")


def _nulls(value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _nulls(each, f"{path}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nulls(each, f"{path}/{number}")


def _check_conditions(template: Mapping[str, Any], part: str) -> None:
    declared = template.get("Conditions") or {}
    for each in (template.get(part) or {}).values():
        named = [each["Condition"]] if isinstance(each.get("Condition"), str) else []
        for name in [*named, *_conditions(each)]:
            if name not in declared:
                raise _unresolved(f"condition dependency {name}", part)


def _conditions(value: Any) -> Iterator[str]:
    for each in _walk(value):
        argument = each.get("Fn::If")
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            yield argument[0]


def _names(part: Any, declared: set[str]) -> Iterator[str]:
    """Yield what is referred to in a part: by Ref, GetAtt, Sub and DependsOn."""
    for each in _walk(part):
        if list(each) == ["Ref"] and isinstance(each["Ref"], str):
            yield each["Ref"]
        yield from _of_attribute(each.get("Fn::GetAtt"))
        yield from _of_sub(each.get("Fn::Sub"))
    for resource in (part or {}).values():
        needed = resource.get("DependsOn") or [] if isinstance(resource, dict) else []
        yield from [needed] if isinstance(needed, str) else (n for n in needed if n not in declared)


def _of_attribute(argument: Any) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument.split(".")[0]
    elif isinstance(argument, list) and argument and isinstance(argument[0], str):
        yield argument[0]


def _of_sub(argument: Any) -> Iterator[str]:
    text, own = argument, {}
    if isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004
        text, own = argument
    if isinstance(text, str):
        for found in _VARIABLE.findall(text):
            name = found.strip()
            if name not in (own or {}):
                yield name if name.startswith("AWS::") else name.split(".")[0]


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each)


def _check_circles(resources: Mapping[str, Any]) -> None:
    needs = {
        key: {name for name in _names({key: each}, set()) if name in resources}
        for key, each in resources.items()
    }
    # What needs nothing that is left can be created; what stays is a circle, or needs one.
    while True:
        free = [key for key, each in needs.items() if not each & needs.keys()]
        if not free:
            break
        for key in free:
            del needs[key]
    if needs:
        names = ", ".join(sorted(needs))
        raise validation(f"Circular dependency between resources: [{names}]")


def _unresolved(what: str, part: str) -> Exception:
    message = f"Template format error: Unresolved {what} in the {part} block of the template"
    return validation(message)


def in_order(entries: Mapping[str, Any]) -> list[str]:
    """Return the resources so that what others depend on comes first."""
    ordered: dict[str, None] = {}

    def add(key: str, on_the_way: frozenset[str]) -> None:
        named = entries[key].get("DependsOn") or []
        for other in [named] if isinstance(named, str) else named:
            if other in entries and other not in on_the_way:
                add(other, on_the_way | {key})
        ordered.setdefault(key)

    for key in entries:
        add(key, frozenset({key}))
    return list(ordered)
