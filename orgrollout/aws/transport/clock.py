"""What time it is, and waiting for it: the machine's clock or a simulated one."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

# Short: what is not answered is sent again by us, within a call's patience, and told of meanwhile.
CONNECT_TIMEOUT = timedelta(seconds=5)
READ_TIMEOUT = timedelta(seconds=25)
API_TIMEOUT = CONNECT_TIMEOUT + READ_TIMEOUT  # after which no answer to an attempt is waited for


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Return the present moment, UTC-aware."""
        ...

    def sleep(self, duration: timedelta, /) -> None:
        """Return when ``duration`` has passed; at once where it is not positive."""
        ...


@dataclass(frozen=True, slots=True)
class MachineClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the present moment, UTC-aware."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta, /) -> None:
        """Return when ``duration`` has passed."""
        time.sleep(max(duration.total_seconds(), 0))
