"""Loggers whose lines say what they are about: the rollout, its wave, the account.

`log_of(__name__)` gives a module its logger. What is known for a whole block is said once, by
`about`, and is on every line from inside it. A field carries a name or a number, never a request's
or a response's body.
"""

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

ROOT = "orgrollout"  # of all loggers of this package
# Without any handler, Python itself would print warnings and errors on stderr.
logging.getLogger(ROOT).addHandler(logging.NullHandler())
# All that a line may carry besides its words, in the order in which it is shown.
FIELDS = (
    "rollout",
    "wave",
    "stack_set",
    "operation_id",
    "service",
    "operation",
    "account",
    "region",
    "attempt",
    "duration_ms",
    "request_id",
    "error",
)

_known: ContextVar[Mapping[str, Any]] = ContextVar("log fields", default=MappingProxyType({}))


class Log(logging.LoggerAdapter[logging.Logger]):
    """A logger that adds what is known where a line is written."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Return the line's words, and its fields: its own win over those of the block."""
        kwargs["extra"] = {**_known.get(), **(kwargs.get("extra") or {})}
        return msg, kwargs


def log_of(module: str) -> Log:
    """Return the logger of a module, by its ``__name__``."""
    return Log(logging.getLogger(module))


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Say on every line of this block, in this thread, what it is about."""
    token = _known.set({**_known.get(), **fields})
    try:
        yield
    finally:
        _known.reset(token)


def known_fields() -> Mapping[str, Any]:
    """Return what is known here, for a line that another thread writes."""
    return _known.get()
