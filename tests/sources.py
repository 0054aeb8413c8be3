"""The strings and comments of modules: what the program says, and what is said of it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings, docstrings and comments of a module, with their lines."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def texts_if(path: Path, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module, if the pattern is in one: to read them takes far longer."""
    if can_have(path.read_text(encoding="utf-8"), pattern):
        yield from texts(path)


def can_have(source: str, pattern: re.Pattern[str]) -> bool:
    """Return whether a pattern, in which a space is any space, can be in a text of a module.

    Pieces of one string are joined, and a line break counts as it is written in a string.
    """
    joined = re.sub(r"""["']\s*[rRfFbB]*["']""", "", source).replace("\\n", " ")
    return pattern.search(re.sub(r"\s+", " ", joined)) is not None
