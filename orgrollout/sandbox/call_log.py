"""The sandbox's account of itself: every API call, and what ran when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgrollout.sandbox.records import Operation, Pair, stack_set_of

_READS = ("Describe", "List", "Get", "Head", "Lookup", "BatchGet", "Search", "Detect", "Validate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API request as it arrived, and the code of the error it was answered with."""

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    caller: str
    time: datetime
    error: str | None = None
    role: str = ""
    """The name of the role that called; empty for a user."""
    stack: str | None = None
    """The name of the stack it was about, also where only a change set was named."""
    change_set: str | None = None
    """The name of the change set it was about."""

    @property
    def stack_set(self) -> str | None:
        """The stack set that it was about, or whose stack it was about."""
        named = self.params.get("StackSetName")
        if named:
            return str(named).split(":")[0]
        return stack_set_of(self.stack) if self.stack is not None else None

    @property
    def is_write(self) -> bool:
        """Whether it may change something (drift detection and AssumeRole do not)."""
        return not self.operation.startswith((*_READS, "AssumeRole"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRecord:
    """An operation as it went, for tests and people."""

    id: str
    action: str
    status: str
    targets: frozenset[Pair]
    succeeded: frozenset[Pair]
    failed: frozenset[Pair]
    cancelled: frozenset[Pair]
    skipped: frozenset[Pair]
    started: datetime | None
    ended: datetime | None
    max_concurrent: int
    max_concurrent_by_region: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[Pair, str] = field(default_factory=dict)


def record_of(operation: Operation) -> OperationRecord:
    """Return how ``operation`` stands."""
    results = operation.results.items()

    def having(status: str) -> frozenset[Pair]:
        return frozenset(pair for pair, r in results if r.status == status and not r.skipped)

    return OperationRecord(
        id=operation.id,
        action=operation.action,
        status=operation.status,
        targets=frozenset(operation.results),
        succeeded=having("SUCCEEDED"),
        failed=having("FAILED"),
        cancelled=having("CANCELLED"),
        skipped=frozenset(pair for pair, r in results if r.skipped),
        started=operation.started,
        ended=operation.ended,
        max_concurrent=operation.peak,
        max_concurrent_by_region=dict(operation.peak_by_region),
        reasons={pair: r.reason for pair, r in results if r.reason},
    )
