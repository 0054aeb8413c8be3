"""The tables of docs/manifest.md, made from the schema, which describes itself.

`python -m tests.manifest.reference` writes them into the page, each after its heading.
"""

import re
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orgrollout.manifest import schema
from orgrollout.manifest.schema.part import Part, meaning
from orgrollout.manifest.template import self_description
from orgrollout.manifest.unsupported import UNSUPPORTED
from tests.paths import DOCS

PAGE = DOCS / "manifest.md"
_TABLE = re.compile(r"<!-- keys of (\w+) -->\n.*?<!-- end -->", re.DOTALL)
_NOT_YET = {entry.path[-1]: entry for entry in UNSUPPORTED}


def tables() -> dict[str, str]:
    """Return the table of every part of the manifest, by the part's name."""
    return {part.__name__: _table(part) for part in parts()}


def parts() -> list[type[Part]]:
    """Return every part that a manifest, or a template's metadata, can have."""
    found = [*vars(schema).values(), *vars(self_description).values()]
    return [
        each
        for each in found
        if isinstance(each, type) and issubclass(each, Part) and each.model_fields
    ]


def with_tables(page: str) -> str:
    """Return the page with its tables made again."""
    made = tables()
    return _TABLE.sub(lambda m: f"<!-- keys of {m[1]} -->\n{made[m[1]]}\n<!-- end -->", page)


def shown_tables(page: str) -> set[str]:
    """Return the parts that the page has a table of."""
    return {found[1] for found in _TABLE.finditer(page)}


def keys(part: type[Part]) -> dict[str, FieldInfo]:
    """Return the keys that may be written, without the expansion of `targets: all`."""
    return {key: field for key, field in part.model_fields.items() if key != "everyone"}


def _table(part: type[Part]) -> str:
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for key, field in keys(part).items():
        default = "" if part is schema.Targets else _default(field)
        rows.append(f"| `{key}` | {default} | {meaning(field)}{_refused(part, key)} |")
    return "\n".join(rows)


def _refused(part: type[BaseModel], key: str) -> str:
    if key not in _NOT_YET or part is not schema.StackSet:
        return ""
    flag = "`true`" if part.model_fields[key].default is False else ""
    return f" *{f'{flag} is refused' if flag else 'Refused'} for now.*"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    value: Any = field.default
    if value is None or isinstance(value, BaseModel) or value in ((), {}, ""):
        return ""
    text = value.value if isinstance(value, Enum) else value
    if isinstance(value, tuple):
        text = ", ".join(value)
    return f"`{str(text).lower()}`"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
