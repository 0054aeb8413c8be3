"""A file's bytes become YAML nodes that know their line and column, or one clear error.

Nothing here knows what a manifest or a template is; both are read through it.
"""

import re
from pathlib import Path

import yaml
from yaml.reader import Reader

from orgrollout.bounded_read import read_at_most
from orgrollout.errors import ManifestError, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 60

_FAST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What the YAML parser says, and what a person would do about it.
_SYNTAX_FIXES = (
    (r"'\\t'", "a tab, where YAML takes only spaces.", "Indent with spaces."),
    (
        r"mapping values are not allowed",
        "a colon where no key can be.",
        'Quote a value that holds ": ", and check the indentation.',
    ),
    (
        r"end of stream|stream end",
        "what opens here is not closed.",
        "Close it, or quote the value.",
    ),
    (
        r"character '(.)' that cannot start",
        "a value cannot begin with {0}.",
        "Put the value in quotes.",
    ),
    (
        r"undefined alias '(.*)'",
        "the alias *{0} has no anchor.",
        "Define it first as &{0}, or quote the value.",
    ),
    (
        r"but found another document",
        "a second document begins here.",
        "Keep one manifest or template in a file.",
    ),
    (r"found duplicate anchor '?(\w*)", "the anchor &{0} is defined twice.", "Rename one of them."),
)


def _error(
    file: str, message: str, fix: str, line: int | None = 1, column: int | None = 1
) -> ManifestError:
    return ManifestError([Problem(message=message, file=file, line=line, column=column, fix=fix)])


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ManifestError: It cannot be read, is too large, or is not plain UTF-8.
    """
    file = str(path)
    try:
        data = read_at_most(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"cannot be read: {reason}."
        raise _error(file, message, "Check the path and its permissions.", None, None) from error
    if len(data) > MAX_BYTES:
        message = f"has more than {MAX_BYTES:,} bytes."
        raise _error(file, message, "Split it into several.", None, None)
    return _decode(file, data)


def _decode(file: str, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _error(file, "is UTF-16 text.", "Save it as UTF-8.")
    if data.startswith(b"\xef\xbb\xbf"):
        message = "begins with a byte order mark."
        raise _error(file, message, "Save it as UTF-8 without a byte order mark (BOM).")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"), error.start)
        byte = f"0x{data[error.start]:02x}"
        message = f"is not UTF-8: byte {byte}."
        raise _error(file, message, "Save it as UTF-8.", line, column) from error
    if found := Reader.NON_PRINTABLE.search(text):
        line, column = _place(text, found.start())
        message = f"holds the control character U+{ord(found.group()):04X}."
        raise _error(file, message, "Remove it; is this a text file?", line, column)
    return text


def _place(text: str, index: int) -> tuple[int, int]:
    """Return the line and column of a position in a text, both from 1."""
    before = text[:index]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def compose(text: str, file: str) -> yaml.Node:
    """Return the one document of a text as nodes.

    Raises:
        ManifestError: It is empty, no YAML, nested too deeply, or several documents.
    """
    try:
        node = _compose(text, file, _FAST)
    except yaml.YAMLError as error:
        raise _syntax_error(text, file, error) from error
    if node is None:
        raise _error(file, "is empty.", "`orgrollout init` writes a starter manifest.")
    return node


def _compose(text: str, file: str, loader: type[yaml.SafeLoader]) -> yaml.Node | None:
    # libyaml's composer recurses in C without a limit, so the depth is counted first.
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            message = f"is nested more than {MAX_DEPTH} levels deep."
            line = event.start_mark.line + 1 if event.start_mark else None
            raise _error(file, message, "Write it flatter.", line, None)
    return yaml.compose(text, Loader=loader)


def _syntax_error(text: str, file: str, first: yaml.YAMLError) -> ManifestError:
    """Parse again in pure Python, whose words are the same on every machine."""
    problem: yaml.YAMLError = first
    try:
        _compose(text, file, yaml.SafeLoader)
    except yaml.YAMLError as error:
        problem = error
    mark = getattr(problem, "problem_mark", None)
    if "end of stream" in str(problem) or "stream end" in str(problem):
        mark = getattr(problem, "context_mark", None) or mark  # where it was opened
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    message, fix = _explain(problem)
    return _error(file, message, fix, line, column)


def _explain(problem: yaml.YAMLError) -> tuple[str, str]:
    context = getattr(problem, "context", None)
    said = getattr(problem, "problem", None) or str(problem)
    said = f"{context}, {said}" if context else said
    for pattern, message, fix in _SYNTAX_FIXES:
        if found := re.search(pattern, said):
            groups = found.groups()
            return message.format(*groups), fix.format(*groups)
    return f"is no YAML: {said}.", "Check the lines above, too."
