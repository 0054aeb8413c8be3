"""A CloudFormation template as YAML, with the short form of its functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_ENDLESS = 1_000_000  # characters; a folded text is harder to compare
_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of CloudFormation as YAML's tag."""

    tag: str
    argument: Any


class _Dumper(yaml.SafeDumper):
    """Writes mappings in the order given, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - SafeDumper's own signature
        """Return that equal values are written out each time."""
        return True

    def choose_scalar_style(self) -> Any:
        """Write what a function is about without quotes, where YAML needs none."""
        style, event, text = super().choose_scalar_style(), *self._scalar()
        is_function = str(event.tag).startswith("!")
        return "" if style == "'" and is_function and text.allow_block_plain else style

    def _scalar(self) -> tuple[Any, Any]:
        return self.event, self.analysis


def _function(dumper: _Dumper, function: _Function) -> yaml.Node:
    if isinstance(function.argument, list):
        return dumper.represent_sequence(function.tag, function.argument)
    return dumper.represent_scalar(function.tag, function.argument)


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else '"' if text[:1].isdigit() else None
    return dumper.represent_scalar(_TEXT, text, style=style)


_Dumper.add_representer(_Function, _function)
_Dumper.add_representer(str, _text)


def template_text(template: Mapping[str, Any]) -> str:
    """Return a template as CloudFormation takes it."""
    made: str = yaml.dump(
        {key: _short(each) for key, each in template.items()},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_ENDLESS,
        indent=1,
    )
    return made


def _short(value: Any) -> Any:
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            return _Function("!Ref", name)
        case {"Condition": str(name)} if len(value) == 1:
            return _Function("!Condition", name)
        case dict() if len(value) == 1 and (name := next(iter(value))).startswith("Fn::"):
            return _Function(f"!{name.removeprefix('Fn::')}", _short(value[name]))
        case dict():
            return {key: _short(each) for key, each in value.items()}
        case list():
            return [_short(each) for each in value]
        case _:
            return value
