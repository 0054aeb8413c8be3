"""All checks, by name: every module in ``checks/`` registers itself by its ``CHECK``."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from orgrollout.posture import checks
from orgrollout.posture.aws_config import EVALUATE
from orgrollout.posture.definition import Call, KnownCheck


def _found() -> Iterator[KnownCheck[Any]]:
    for module in sorted(each.name for each in iter_modules(checks.__path__)):
        check: KnownCheck[Any] = import_module(f"{checks.__name__}.{module}").CHECK
        yield check


CHECKS: Mapping[str, KnownCheck[Any]] = {check.name: check for check in _found()}


def reads() -> tuple[Call, ...]:
    """Return every read of every check, each once."""
    return _once(call for check in CHECKS.values() for call in check.all_reads)


def repairs() -> tuple[Call, ...]:
    """Return every call that repairs a check, each once."""
    calls = [check.repair.call for check in CHECKS.values() if check.repair]
    if any(check.is_judged_by_rule for check in CHECKS.values()):
        calls.append(EVALUATE)
    return _once(calls)


def _once(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Return each call once, by the name of its API.

    Raises:
        ValueError: Two checks declare one API otherwise: permissions would be made from one alone.
    """
    found: dict[str, Call] = {}
    for call in calls:
        if found.setdefault(call.api, call) != call:
            raise ValueError(f"{call.api} is declared twice, and otherwise: share one Call")
    return tuple(found[api] for api in sorted(found))
