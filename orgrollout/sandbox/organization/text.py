"""The text of an organization file: YAML in which no key is written twice, with its lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from orgrollout.bounded_read import read_at_most
from orgrollout.sandbox.errors import SandboxFileError

_MOST_BYTES = 50_000_000  # 10,000 accounts with tags take about 2 MB


def read_document(path: Path) -> Any:
    """Return what the YAML of a file says.

    Raises:
        SandboxFileError: It cannot be read, is no YAML, or has a key twice.
    """
    try:
        loader = yaml.SafeLoader(_text_of(path))
        node = loader.get_single_node()
        problems = list(_twice(node, set()))
        document = None if node is None else loader.construct_document(node)
    except OSError as error:
        raise SandboxFileError(str(path), [error.strerror or str(error)]) from error
    except yaml.MarkedYAMLError as error:
        raise SandboxFileError(str(path), [f"not valid YAML: {_said(error)}"]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a month 13
        said = "nested too deeply" if isinstance(error, RecursionError) else error
        raise SandboxFileError(str(path), [f"not valid YAML: {said}"]) from error
    if problems:
        raise SandboxFileError(str(path), problems)
    return document


def _text_of(path: Path) -> str:
    """Return the text of a file; one that never ends is no organization."""
    content = read_at_most(path, _MOST_BYTES)
    if len(content) > _MOST_BYTES:
        raise SandboxFileError(str(path), [f"it has more than {_MOST_BYTES:,} bytes"])
    return content.decode("utf-8")


def _twice(node: Any, seen: set[int]) -> Iterator[str]:
    """Yield each key that a mapping has twice: YAML would take the last, and drop the others."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _twice(each, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            line = key.start_mark.line + 1
            if key.value in lines:
                yield f"line {line}: {key.value} is written in line {lines[key.value]} already"
            lines[key.value] = line
        yield from _twice(value, seen)


def _said(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return place + ", ".join(filter(None, (error.context, error.problem)))
