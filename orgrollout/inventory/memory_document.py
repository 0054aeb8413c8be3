"""A memory as the journal keeps it: compact, since a stack set may have 100,000 instances.

What instances are is a table of states, each once. Which instance is in which state is one column
per Region along the list of accounts, as runs of equal values: a stack set that was rolled out as
a whole takes one number for every account and a few for every Region.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from orgrollout.inventory.memory import Memory
from orgrollout.inventory.watermark import Watermark
from orgrollout.model.ids import AccountId, Digest, OperationId, Pair, Region, UnitId, digest_of
from orgrollout.model.stack_set import InstanceStatus, StackInstance

FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_Column = list[Any]  # count, value, count, value, ...


def memory_document(memory: Memory) -> dict[str, Any]:
    """Return the memory as JSON holds it."""
    accounts = sorted({pair.account for pair in memory.instances})
    regions = sorted({pair.region for pair in memory.instances})
    states: dict[tuple[Any, ...], int] = {}
    overrides: dict[Digest, dict[str, str]] = {}
    columns = {}
    for region in regions:
        column = [memory.instances.get(Pair(account, region)) for account in accounts]
        columns[region] = [
            _runs(_state_number(each, states, overrides) for each in column),
            _runs(_milliseconds(each.last_drift_check if each else None) for each in column),
        ]
    return {
        "format_version": FORMAT,
        "stack_set": memory.stack_set_id,
        "definition": memory.definition,
        "watermark": _watermark_document(memory.watermark),
        "answered": sorted(memory.answered),
        "unapplied": sorted([o, p.account, p.region] for o, p in memory.unapplied),
        "drift_runs": sorted(memory.drift_runs),
        "accounts": accounts,
        "states": [list(state) for state in states],
        "overrides": overrides,
        "regions": columns,
    }


def read_memory(document: Any, only: AccountId | None = None) -> Memory | None:
    """Return what the journal kept, or None where this version cannot read it.

    With ``only``, the instances of one account are read and the others left out.
    """
    if not isinstance(document, dict) or document.get("format_version") != FORMAT:
        return None
    try:
        return _read(document, only)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # a cache that is damaged is read again, and written over


def _read(document: Mapping[str, Any], only: AccountId | None) -> Memory:
    mark = document["watermark"]
    return Memory(
        stack_set_id=document["stack_set"],
        definition=Digest(document["definition"]),
        watermark=Watermark(
            since=datetime.fromisoformat(mark["since"]),
            anchor=mark["anchor"],
            known=frozenset(map(OperationId, mark["known"])),
        ),
        instances={each.pair: each for each in _instances(document, only)},
        answered=frozenset(map(OperationId, document["answered"])),
        unapplied=frozenset(
            (OperationId(o), Pair(AccountId(a), Region(r))) for o, a, r in document["unapplied"]
        ),
        drift_runs=frozenset(map(OperationId, document["drift_runs"])),
    )


def _watermark_document(watermark: Watermark) -> dict[str, Any]:
    return {
        "since": watermark.since.isoformat(),
        "anchor": watermark.anchor,
        "known": sorted(watermark.known),
    }


def _state_number(
    instance: StackInstance | None,
    states: dict[tuple[Any, ...], int],
    overrides: dict[Digest, dict[str, str]],
) -> int | None:
    """Return the number of the instance's state, adding it to the table where it is new."""
    if instance is None:
        return None
    key = None
    if instance.overrides is not None:
        key = digest_of(instance.overrides)
        overrides[key] = dict(instance.overrides)
    state = (
        instance.status.value,
        instance.detailed_status,
        instance.status_reason,
        instance.unit,
        instance.last_operation,
        instance.changed_by,
        instance.drift_status,
        key,
    )
    return states.setdefault(state, len(states))


def _instances(document: Mapping[str, Any], only: AccountId | None) -> Iterator[StackInstance]:
    accounts = [AccountId(account) for account in document["accounts"]]
    _must_be_texts(*accounts, *document["regions"])
    states = [_read_state(state, document["overrides"]) for state in document["states"]]
    for region, (numbers, checks) in document["regions"].items():
        for account, number, check in zip(accounts, _each(numbers), _each(checks), strict=True):
            if number is not None and only in {None, account}:
                yield StackInstance(
                    pair=Pair(account, Region(region)),
                    last_drift_check=None if check is None else _EPOCH + check * _MILLISECOND,
                    **states[number],
                )


def _read_state(state: Iterable[Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    status, detailed, reason, unit, operation, changed_by, drift, key = state
    given = None if key is None else overrides[key]
    _must_be_texts(detailed, reason, drift, *(given or {}).values())
    _must_be_texts(*(each for each in (unit, operation, changed_by) if each is not None))
    return {
        "status": InstanceStatus(status),
        "detailed_status": detailed,
        "status_reason": reason,
        "unit": UnitId(unit) if unit else None,
        "last_operation": operation,
        "changed_by": changed_by,
        "drift_status": drift,
        "overrides": given,
    }


def _must_be_texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a text is none")


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MILLISECOND


def _runs(values: Iterable[Any]) -> _Column:
    return [x for value, run in groupby(values) for x in (sum(1 for _ in run), value)]


def _each(column: _Column) -> Iterator[Any]:
    for count, value in zip(column[::2], column[1::2], strict=True):
        for _ in range(count):
            yield value
