"""YAML nodes become values that remember how and where they were written.

A number that YAML reads in a surprising way (octal, base 60, ...) is kept as its text and marked,
and the shape of the manifest decides what to say of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from orgrollout.errors import ManifestError, Problem
from orgrollout.manifest.text.source import MAX_DEPTH
from orgrollout.model.shown import visible

MAX_ITEMS = 200_000

FieldPath = tuple[str | int, ...]
Scalar = str | int | float | bool | None

_YAML = "tag:yaml.org,2002:"
_LONG_QUOTATION = re.compile(r"""([`"])([^`"]{80})[^`"]+\1""")
_KNOWN_TAGS = {
    f"{_YAML}{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
_TRUE = {"yes", "true", "on"}


def dotted(path: FieldPath) -> str:
    """Return a path as people write it, e.g. stack_sets.config.regions[0]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@dataclass(slots=True, kw_only=True)
class Item:
    """A value, where it stands, and what it is called as written. Lines and columns from 1."""

    value: "Scalar | list[Item] | dict[str, Item]"
    line: int
    column: int
    path: FieldPath = ()  # as written, before shorthands are spelled out
    text: str = ""  # of a scalar, as in the file
    quoted: bool = False
    odd: bool = False  # YAML reads another number than a person would
    joined: bool = False  # a list that became one text
    key_line: int | None = None
    key_column: int | None = None

    @property
    def children(self) -> "Iterator[tuple[str | int, Item]]":
        """Return what is directly in it, with key or index."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from enumerate(self.value)

    def get(self, *path: str | int) -> "Item | None":
        """Return what is found under a path, if all of it exists."""
        item, rest = self.nearest(path)
        return None if rest else item

    def names(self, *path: str | int) -> "tuple[str, ...]":
        """Return the keys of the mapping under a path; none if there is none."""
        item = self.get(*path)
        return tuple(item.value) if item and isinstance(item.value, dict) else ()

    def child(self, part: str | int) -> "Item | None":
        """Return what is directly under a key or index."""
        if isinstance(self.value, dict) and isinstance(part, str):
            return self.value.get(part)
        if isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            return self.value[part]
        return None

    def nearest(self, path: FieldPath) -> "tuple[Item, FieldPath]":
        """Return the item that a path leads to, or its last ancestor and the rest of the path."""
        item = self
        for index, part in enumerate(path):
            below = item.child(part)
            if below is None:
                return item, path[index:]
            item = below
        return item, ()

    def plain(self) -> object:
        """Return the value without its places."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def problem_at(
    file: str, root: Item, path: FieldPath, message: str, fix: str = "", *, key: bool = False
) -> Problem:
    """Return a problem that stands where ``path`` was written, or where it is missing.

    ``key``: the key is wrong, and not its value.
    """
    item, rest = root.nearest(path)
    rest = rest if isinstance(item.value, dict | list) else ()
    shown = item.path + rest
    at_key = (key or rest) and item.key_line is not None
    return Problem(
        message=readable(message),
        file=file,
        line=item.key_line if at_key else item.line,
        column=item.key_column if at_key else item.column,
        field=readable(dotted(shown)),
        fix=readable(fix),
    )


def readable(text: str) -> str:
    """Return a text with long quotations cut, and nothing in it that would steer a terminal."""
    return visible(_LONG_QUOTATION.sub(r"\1\2...\1", text))


@dataclass
class Findings:
    """What is wrong with one file, in the order of discovery, and where."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    broken: set[FieldPath] = field(default_factory=set)
    _noted: set[Problem] = field(default_factory=set)

    def add(self, problem: Problem, path: FieldPath) -> None:
        """Note a problem once, and that what stands under ``path`` cannot be relied on."""
        self.broken.add(path)
        if problem not in self._noted:
            self._noted.add(problem)
            self.problems.append(problem)

    def at(self, item: Item, message: str, fix: str = "") -> None:
        """Note a problem with a value."""
        self.add(problem_at(self.file, item, (), message, fix), item.path)


@dataclass
class Reader:
    """Turns the nodes of one file into items, and notes what is wrong on the way."""

    findings: Findings
    custom_tags: bool = False  # CloudFormation's !Ref and the like
    _count: int = 0
    _open: set[int] = field(default_factory=set)

    def read(self, node: yaml.Node, path: FieldPath = (), key: yaml.Node | None = None) -> Item:
        """Return the item of a node and all below it.

        Raises:
            ManifestError: Its aliases expand without end, or to too much.
        """
        self._guard(node, path)
        self._open.add(id(node))
        line, column = _place(node)
        item = Item(value=None, path=path, line=line, column=column)
        if key is not None:
            item.key_line, item.key_column = _place(key)
        match node:
            case yaml.MappingNode():
                item.value = self._mapping(node, path)
            case yaml.SequenceNode():
                item.value = [self.read(n, (*path, i)) for i, n in enumerate(node.value)]
            case yaml.ScalarNode():
                self._scalar(node, item)
        self._check_tag(node, item)
        self._open.discard(id(node))
        return item

    def _guard(self, node: yaml.Node, path: FieldPath) -> None:
        self._count += 1
        if id(node) in self._open:
            raise ManifestError(
                [self._wrong(node, path, "an alias contains itself.", "Remove it.")]
            )
        if self._count > MAX_ITEMS or len(path) > MAX_DEPTH:
            message = "aliases expand to more than a manifest can be."
            raise ManifestError([self._wrong(node, (), message, "Write it out without aliases.")])

    def _wrong(self, node: yaml.Node, path: FieldPath, message: str, fix: str) -> Problem:
        file = self.findings.file
        line, column = _place(node)
        return Problem(
            message=readable(message),
            file=file,
            line=line,
            column=column,
            field=readable(dotted(path)),
            fix=fix,
        )

    def _note(self, node: yaml.Node, path: FieldPath, message: str, fix: str) -> None:
        self.findings.add(self._wrong(node, path, message, fix), path)

    def _mapping(self, node: yaml.MappingNode, path: FieldPath) -> dict[str, Item]:
        items: dict[str, Item] = {}
        merged: dict[str, Item] = {}
        for key, value in node.value:
            if key.tag == f"{_YAML}merge" and not self.custom_tags:
                merged = {**self._merge(value, path), **merged}
            elif not isinstance(key, yaml.ScalarNode):
                message = "a key must be text."
                self._note(key, path, message, 'Quote values such as "{a}".')
            elif (name := key.value) in items:
                first = items[name]
                message = (
                    f"is given twice, first on line {first.key_line}, column {first.key_column}."
                )
                self._note(key, (*path, name), message, "Keep one of them.")
            else:
                items[name] = self.read(value, (*path, name), key)
        return {**merged, **items}

    def _merge(self, node: yaml.Node, path: FieldPath) -> dict[str, Item]:
        """Return the keys that `<<` brings; of several mappings the first wins."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Item] = {}
        for each in nodes:
            if isinstance(each, yaml.MappingNode):
                item = self.read(each, path)
                found = {**dict(item.value), **found} if isinstance(item.value, dict) else found
            else:
                self._note(each, path, "`<<` merges mappings only.", "Give it an alias of one.")
        return found

    def _scalar(self, node: yaml.ScalarNode, item: Item) -> None:
        item.text, item.value = node.value, node.value
        item.quoted = bool(node.style)
        if item.quoted:
            return
        match node.tag.removeprefix(_YAML):
            case "null":
                item.value = None
            case "bool":
                item.value = node.value.lower() in _TRUE
            case "int" if re.fullmatch(r"-?(0|[1-9]\d{0,17})", node.value):
                item.value = int(node.value)
            case "float" if re.fullmatch(r"-?(0|[1-9]\d{0,8})\.\d{1,9}", node.value):
                item.value = float(node.value)
            case "int" | "float":
                item.odd = True
            case "str":
                item.odd = bool(re.fullmatch(r"0\d+", node.value))

    def _check_tag(self, node: yaml.Node, item: Item) -> None:
        if node.tag not in _KNOWN_TAGS and not self.custom_tags:
            tag = node.tag.replace(_YAML, "!!")
            self._note(node, item.path, f"the tag {tag} has no meaning here.", "Remove it.")


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
