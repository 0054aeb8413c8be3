"""Remediations of AWS Config: how one went, and what must not be remediated."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The newest remediation of one resource (RemediationExecutionStatus)."""

    resource: str  # by id
    state: str  # QUEUED, IN_PROGRESS, SUCCEEDED, FAILED, UNKNOWN
    invoked: datetime | None = None
    error: str = ""  # what its steps say, if it failed

    @property
    def is_running(self) -> bool:
        """Return whether it goes on."""
        return self.state in {"QUEUED", "IN_PROGRESS"}

    @property
    def has_failed(self) -> bool:
        """Return whether it has ended without success."""
        return self.state == "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemediationException:
    """A resource that a rule's remediation leaves alone (RemediationException)."""

    resource: str
    message: str = ""
    expires: datetime | None = None  # None: it holds for good

    def holds(self, now: datetime) -> bool:
        """Return whether it is still in force; AWS Config deletes it after that."""
        return self.expires is None or now < self.expires
