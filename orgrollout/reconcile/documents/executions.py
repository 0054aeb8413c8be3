"""Which execution of the service drives a rollout, or looks for drift: the number of the last."""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from orgrollout.journal.documents import Documents, Format, by_adapter

_FORMAT = Format(current=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastExecution:
    """The execution that was committed last. It may have been started, or not yet."""

    number: int  # from 1


def _dump(last: LastExecution) -> dict[str, Any]:
    return {_FORMAT.key: _FORMAT.current, **asdict(last)}


EXECUTIONS = Documents(
    prefix="executions/", read=by_adapter(TypeAdapter(LastExecution), _FORMAT), dump=_dump
)
