"""What every method of a client works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgrollout.reconcile.context import Context

Progress = Callable[[str], None]


def silent(_: object) -> None:
    """Hear something, and do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One caller, one home Region, one journal."""

    context: "Context"
    reading: "Context"  # the same, and it cannot write to AWS
    journal: str  # where it is
    progress: Progress = silent
