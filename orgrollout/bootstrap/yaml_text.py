"""Manifests as text: values written so that they are read back as exactly what they are."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

_ENDLESS = 1_000_000  # characters; a folded value is harder to read than a long line
_REFERENCE = re.compile(r"\$\{[^${}]*\}")


class Quoted(str):
    """Text that is written in double quotes, whatever it holds."""

    __slots__ = ()


class InOneLine(tuple[Any, ...]):
    """A list that is written between brackets."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes mappings in the order given, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - SafeDumper's own signature
        """Return that equal values are written out each time."""
        return True


_Dumper.add_representer(
    Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
_Dumper.add_representer(
    InOneLine,
    lambda dumper, items: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", items, flow_style=True
    ),
)


def as_yaml(document: Mapping[str, Any], indent: int = 0) -> str:
    """Return a mapping as YAML, each line indented by so many blanks."""
    text = yaml.dump(
        dict(document),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_ENDLESS,
        default_flow_style=False,
    )
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def comment(text: str, indent: int = 0) -> str:
    """Return a comment; a text of several lines stays one of several lines."""
    return "".join(f"{' ' * indent}# {line}".rstrip() + "\n" for line in text.splitlines())


def literal(text: str) -> Quoted:
    """Return the text so that a manifest takes it literally, `${...}` included."""
    return Quoted(_REFERENCE.sub(lambda found: f"${found.group()}", text))
