"""Short forms of the manifest are spelled out, so that one shape is left to check.

`targets` may be `all`, the name of a target group, one block, or include and exclude; parameters
and tags may be numbers, which become text exactly as written. Every item keeps its place, and what
it was called as written.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from orgrollout.manifest.text.document import Findings, Item

MAX_SUGGESTIONS = 20
"""Words of one file that are compared with all known names, which takes time for each."""

_MOST_COMPARED = 100_000  # names, for all words of one file together: about 2 s
_SHOWN = 24
_LONGEST = 200  # of a word that is compared: the time grows with the square
_left: ContextVar[list[int] | None] = ContextVar("suggestions left", default=None)


@contextmanager
def few_suggestions() -> Iterator[None]:
    """Let `did_you_mean` compare no more than 20 words, so that many mistakes take little time.

    Where very many names are known, it compares fewer.
    """
    token = _left.set([MAX_SUGGESTIONS, _MOST_COMPARED])
    try:
        yield
    finally:
        _left.reset(token)


def did_you_mean(
    word: str,
    known: Iterable[str],
    otherwise: str = "",
    *,
    shown: Mapping[str, str] | None = None,
) -> str:
    """Return a hint for a word that nothing is called by; `otherwise` where too many were given.

    ``shown`` says how something that is known is named in the hint, if not as it is.
    """
    shown = shown or {}
    left = _left.get()
    if left is not None:
        if min(left) <= 0:
            return otherwise
        left[0] -= 1
    names = sorted(set(known))
    if left is not None:
        left[1] -= len(names)
    by_lower = {name.lower(): name for name in names}
    close = _close(word, by_lower)
    if close:
        found = by_lower[close[0]]
        return f"Did you mean `{shown.get(found, found)}`?"
    if otherwise or not names:
        return otherwise
    names = sorted({shown.get(name, name) for name in names})
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"Known: {', '.join(names[:_SHOWN])}{more}."


def is_close(word: str, known: str) -> bool:
    """Return whether a word may be meant for another."""
    return bool(_close(word, [known.lower()]))


def _close(word: str, known: Iterable[str]) -> list[str]:
    """Return the name in lower case that is closest to a word, if one is close."""
    if len(word) > _LONGEST:
        return []
    return difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)


def spell_out(root: Item, findings: Findings) -> None:
    """Spell out every short form below ``root``, in place."""
    groups = _spell_out_groups(root, findings)
    _targets_in(root, groups, findings)
    for stack_set in _values(root.get("stack_sets")):
        _targets_in(stack_set, groups, findings)
        _texts(stack_set.get("parameters"), findings, lists=True)
        _texts(stack_set.get("tags"), findings, lists=False)
        for override in _values(stack_set.get("parameter_overrides")):
            _targets_in(override, groups, findings)
            _texts(override.get("parameters"), findings, lists=True)
    _refuse_traps(root, findings)


def _values(item: Item | None) -> list[Item]:
    return [child for _, child in item.children] if item else []


def _spell_out_groups(root: Item, findings: Findings) -> dict[str, Item]:
    item = root.get("target_groups")
    if item is None or not isinstance(item.value, dict):
        return {}
    for name, group in item.value.items():
        if isinstance(group.value, str) and group.value != "all":
            findings.at(group, "a target group cannot name another.", "Write its blocks.")
            group.value = {}
        item.value[name] = _targets(group, {}, findings)
    return item.value


def _targets_in(parent: Item, groups: dict[str, Item], findings: Findings) -> None:
    if isinstance(parent.value, dict) and "targets" in parent.value:
        parent.value["targets"] = _targets(parent.value["targets"], groups, findings)


def _targets(item: Item, groups: dict[str, Item], findings: Findings) -> Item:
    """Return targets as `{everyone, include, exclude}`."""
    if isinstance(item.value, str):
        return _named_targets(item, groups, findings)
    if not isinstance(item.value, dict):
        return item
    if not {"include", "exclude"} & set(item.value):
        return _as(item, {"include": _as(item, [item])}) if item.value else item
    parts = dict(item.value)
    if "everyone" in parts:
        findings.at(parts.pop("everyone"), "unknown key.", "Write `include: all`.")
    if (include := parts.get("include")) and include.value == "all":
        del parts["include"]
        parts["everyone"] = _as(include, value=True)
    for key in {"include", "exclude"} & set(parts):
        if isinstance(parts[key].value, dict):
            parts[key] = _as(parts[key], [parts[key]])
    return _as(item, parts)


def _named_targets(item: Item, groups: dict[str, Item], findings: Findings) -> Item:
    if item.text == "all":
        return _as(item, {"everyone": _as(item, value=True)})
    if item.text in groups:
        return groups[item.text]
    if item.text.startswith(("/", "ou-", "r-")):
        fix = f"Write {{organizational_units: [{item.text}]}}."
    elif re.fullmatch(r"\d{12}", item.text):
        fix = f'Write {{accounts: ["{item.text}"]}}.'
    else:
        fix = did_you_mean(item.text, {*groups, "all"})
    findings.at(item, f"no target group is called `{item.text}`.", fix)
    return _as(item, {})


def _as(item: Item, value: "bool | list[Item] | dict[str, Item]") -> Item:
    """Return the item with another value, in the same place."""
    return Item(
        value=value,
        line=item.line,
        column=item.column,
        path=item.path,
        key_line=item.key_line,
        key_column=item.key_column,
    )


def _texts(item: Item | None, findings: Findings, *, lists: bool) -> None:
    """Turn the values of a mapping into text where nothing can be lost.

    No error shows a value that might be a secret.
    """
    for value in _values(item):
        if lists and isinstance(value.value, list):
            _join(value, findings)
        else:
            _text(value, findings)


def _join(item: Item, findings: Findings) -> None:
    parts = _values(item)
    for part in parts:
        _text(part, findings)
        if isinstance(part.value, str) and "," in part.value:
            message = "an element of a list holds a comma, which CloudFormation splits at."
            findings.at(part, message, "Make it two elements.")
    item.value, item.joined = ",".join(str(part.value) for part in parts), True


def _text(item: Item, findings: Findings) -> None:
    if isinstance(item.value, str) and not item.odd:
        return
    if item.value is None:
        findings.at(item, "has no value.", 'Write "" for an empty one.')
    elif isinstance(item.value, bool):
        meaning = str(item.value).lower()
        message = f"`{item.text}` is no text: YAML reads it as {meaning}."
        findings.at(item, message, f'Quote it: "{item.text}".')
    elif isinstance(item.value, list | dict):
        kind = "a list" if isinstance(item.value, list) else "a mapping"
        findings.at(item, f"is {kind}, not text.", "Write text.")
    elif item.odd:
        findings.at(item, "is a number that YAML reads in its own way.", "Put it in quotes.")
    elif isinstance(item.value, int) and re.fullmatch(r"\d{12}", item.text):
        findings.at(item, "is a number as long as an account id.", "Put it in quotes.")
    item.value, item.odd = item.text, False


def _refuse_traps(item: Item, findings: Findings) -> None:
    """Note numbers that YAML misreads, and keys without a value, wherever they are left."""
    if item.value is None and item.path:
        findings.at(item, "has no value.", "Give it one, or remove the key.")
    elif item.odd:
        message = f"`{item.text}` is a number that YAML reads in its own way."
        fix = "Write plain digits, or quote it if it is text"
        if re.fullmatch(r"0\d{11}", item.text):
            message = f"an account id must be text, not the number `{item.text}`."
            fix = "YAML reads a leading zero as octal. Quote it"
        findings.at(item, message, f'{fix}: "{item.text}".')
    for child in _values(item):
        _refuse_traps(child, findings)
