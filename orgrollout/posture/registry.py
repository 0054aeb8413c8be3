"""All checks, by name: every module in ``checks/`` registers itself by its ``CHECK``."""

from collections.abc import Iterator, Mapping
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
    found = {call.api: call for check in CHECKS.values() for call in check.all_reads}
    return tuple(found[api] for api in sorted(found))


def repairs() -> tuple[Call, ...]:
    """Return every call that repairs a check, each once."""
    found = {c.repair.call.api: c.repair.call for c in CHECKS.values() if c.repair}
    if any(check.is_judged_by_rule for check in CHECKS.values()):
        found[EVALUATE.api] = EVALUATE
    return tuple(found[api] for api in sorted(found))
