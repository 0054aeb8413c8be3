"""What the manifest can say and the program does not carry out yet: refused, and never ignored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orgrollout.manifest.text.document import FieldPath, Findings, Item, problem_at

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something that may be written, and is refused for now."""

    path: tuple[str, ...]  # `*` stands for every key
    is_used: Callable[[Any], bool]
    message: str
    fix: str


UNSUPPORTED = (
    Unsupported(
        ("stack_sets", _ANY, "auto_deployment"),
        lambda value: value is True,
        "automatic deployment is not supported yet.",
        "Remove it; `apply` enrols new accounts.",
    ),
)


def refuse_unsupported(root: Item, findings: Findings) -> None:
    """Note everything that is written and would not be carried out."""
    for entry in UNSUPPORTED:
        for path, item in _found(root, entry.path):
            sound = not any(broken[: len(path)] == path for broken in findings.broken)
            if sound and entry.is_used(item.plain()):
                problem = problem_at(findings.file, root, path, entry.message, entry.fix)
                findings.add(problem, path)


def _found(
    item: Item, pattern: tuple[str, ...], at: FieldPath = ()
) -> Iterator[tuple[FieldPath, Item]]:
    """Return all that a pattern leads to."""
    if not pattern:
        yield at, item
        return
    for key, child in item.children:
        if pattern[0] in {_ANY, key}:
            yield from _found(child, pattern[1:], (*at, key))
