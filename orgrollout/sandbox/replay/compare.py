"""What an answer of the sandbox has otherwise than the recorded one.

Compared are members, types, the order of lists, numbers, truth values and the words of AWS's own
lists. Of other texts only the ids of accounts: what else is in a text differs by nature, and is
bound instead (see ``bindings``).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from orgrollout.exchange_record import Mark
from orgrollout.sandbox.replay.bindings import Bindings

# By which the items of a list are told apart, whatever their order.
_KEYS = (
    *("Id", "Account", "Region", "StackSetName", "OperationId", "ParameterKey", "OutputKey"),
    *("LogicalResourceId", "Key", "ServicePrincipal", "RegionName", "name", "ConfigRuleName"),
)
_UNDER_WAY = frozenset({"QUEUED", "PENDING", "RUNNING", "STOPPING", "IN_PROGRESS"})


class Kind(StrEnum):
    """How an answer differs."""

    CODE = "code"
    MEMBERS = "members"
    TYPE = "type"
    ITEMS = "items"
    ORDER = "order"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference, at a place such as ``Summaries[0].Status``."""

    kind: Kind
    place: str
    recorded: str
    sandbox: str


@dataclass(slots=True)
class Compared:
    """How an answer differs; ``is_behind``: something has ended there, and goes on here."""

    found: list[Difference]
    is_behind: bool = False


def compared(
    shape: Any, recorded: Mapping[str, Any], here: Mapping[str, Any], bindings: Bindings
) -> Compared:
    """Compare a result with the recorded one; what the sandbox made itself is bound.

    How far something is that goes on depends on how long things take, so it is not compared.
    """
    comparison = _Comparison(bindings)
    found = list(comparison.structure(shape, recorded, here, ""))
    return Compared(found, comparison.is_behind)


class _Comparison:
    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self.is_behind = False

    def structure(
        self, shape: Any, recorded: Mapping[str, Any], here: Mapping[str, Any], place: str
    ) -> Iterator[Difference]:
        goes_on = _goes_on(here)
        if _goes_on(recorded) or goes_on:
            if not _goes_on(recorded):
                self.is_behind = True
                yield _differs(Kind.VALUE, place, "ended", "goes on")
            return
        for name, member in shape.members.items():
            at = f"{place}.{name}".removeprefix(".")
            known, found = recorded.get(name), here.get(name)
            if (known is None) != (found is None):
                yield _differs(Kind.MEMBERS, at, _presence(known), _presence(found))
            elif known is not None:
                yield from self._value(member, known, found, at)

    def _value(self, shape: Any, recorded: Any, here: Any, place: str) -> Iterator[Difference]:
        kinds = _kind_of(recorded), _kind_of(here)
        if kinds[0] != kinds[1]:
            yield _differs(Kind.TYPE, place, *kinds)
        elif kinds[0] == "list":
            yield from self._list(shape, recorded, here, place)
        elif kinds[0] == "object" and shape.type_name == "structure":
            yield from self.structure(shape, recorded, here, place)
        elif kinds[0] in {"number", "truth value"} and recorded != here:
            yield _differs(Kind.VALUE, place, recorded, here)
        elif isinstance(recorded, str):
            yield from self._text(shape, recorded, here, place)

    def _text(self, shape: Any, recorded: str, here: str, place: str) -> Iterator[Difference]:
        expected = self._bindings.text(recorded)
        if expected == here:
            return
        is_word = recorded in (getattr(shape, "enum", None) or ())
        if is_word or self._bindings.is_given(recorded) or self._bindings.is_given(here):
            yield _differs(Kind.VALUE, place, recorded, here)
        else:
            self._bindings.bind(recorded, here)

    def _list(
        self, shape: Any, recorded: Sequence[Any], here: Sequence[Any], place: str
    ) -> Iterator[Difference]:
        known, found = self._keys(recorded, bound=True), self._keys(here, bound=False)
        if len(known) != len(found):
            missing, more = Counter(known) - Counter(found), Counter(found) - Counter(known)
            yield _differs(Kind.ITEMS, place, _counted(recorded, missing), _counted(here, more))
        elif known != found and Counter(known) == Counter(found):
            yield _differs(Kind.ORDER, place, _listed(known), _listed(found))
        for number, other in _pairs(known, found):
            at = f"{place}[{number}]"
            yield from self._value(shape.member, recorded[number], here[other], at)

    def _keys(self, items: Sequence[Any], *, bound: bool) -> list[Any]:
        """Return by what each item is told apart; where by nothing, all are alike."""

        def told(text: str) -> str:
            return self._bindings.text(text) if bound else text

        def key(item: Any) -> Any:
            if isinstance(item, str):
                return (("", told(item)),)
            if isinstance(item, Mapping):
                named = [(k, item[k]) for k in _KEYS if isinstance(item.get(k), str)]
                return tuple((name, told(text)) for name, text in named)
            return ()

        return [key(item) for item in items]


def _pairs(known: Sequence[Any], found: Sequence[Any]) -> list[tuple[int, int]]:
    """Return which item is compared with which: that of its key, else the next that is left.

    What is left of lists of other lengths has no counterpart.
    """
    places: dict[Any, list[int]] = {}
    for number, key in enumerate(found):
        places.setdefault(key, []).append(number)
    paired = {n: places[key].pop(0) for n, key in enumerate(known) if places.get(key)}
    if len(known) == len(found):
        left = sorted(number for numbers in places.values() for number in numbers)
        paired |= zip((n for n in range(len(known)) if n not in paired), left, strict=True)
    return sorted(paired.items())


def _goes_on(value: Mapping[str, Any]) -> bool:
    """Return whether something is under way, by its status or that of the stack instance."""
    nested = value.get("StackInstanceStatus")
    detail = nested.get("DetailedStatus") if isinstance(nested, Mapping) else None
    statuses = [detail, *(text for name, text in value.items() if name.endswith("Status"))]
    return any(
        isinstance(each, str) and (each in _UNDER_WAY or each.endswith("_IN_PROGRESS"))
        for each in statuses
    )


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "truth value"),
    ((int, float), "number"),
    (str, "text"),
    (datetime, "time"),
    ((list, tuple), "list"),
)
_MARKS = {Mark.SECRET: "text", Mark.TEXT: "text", Mark.TIME: "time", Mark.BYTES: "bytes"}


def _kind_of(value: Any) -> str:
    if isinstance(value, Mapping):
        mark = next((mark for mark in _MARKS if mark in value), None)
        return "object" if mark is None else _MARKS[mark]
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "bytes")


def _presence(value: Any) -> str:
    return "missing" if value is None else _kind_of(value)


def _counted(items: Sequence[Any], only: Mapping[Any, int]) -> str:
    named = [_name(key) for key in only if key]
    beyond = f", not in the other: {', '.join(named[:3])}" if named else ""
    return f"{len(items):,} item{'' if len(items) == 1 else 's'}{beyond}"


def _listed(keys: Sequence[Any]) -> str:
    names = [_name(key) for key in keys]
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")  # noqa: PLR2004


def _name(key: Any) -> str:
    return " ".join(value for _, value in key) if key else ""


def _differs(kind: Kind, place: str, recorded: object, here: object) -> Difference:
    return Difference(kind=kind, place=place, recorded=str(recorded), sandbox=str(here))
