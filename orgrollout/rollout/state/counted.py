"""How far an operation under way has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How far one operation had come when its results were counted."""

    done: int
    failed: int  # cancelled ones, too
    total: int
    at: datetime
    began: datetime

    @property
    def per_minute(self) -> float:
        """Return how many stack instances were over a minute, since it began."""
        minutes = (self.at - self.began) / timedelta(minutes=1)
        return (self.done + self.failed) / minutes if minutes > 0 else 0.0
