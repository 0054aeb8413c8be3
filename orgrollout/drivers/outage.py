"""Waiting out transient failures: an outage, throttling, a journal that is locked."""

from datetime import timedelta

from orgrollout.errors import OrgRolloutError, PassingError
from orgrollout.journal.errors import JournalBusyError

PASSING = (JournalBusyError, PassingError)
_PATIENCE = timedelta(hours=1)  # of pauses, on top of what each call was repeated
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=5)


class Outage:
    """How long has been waited since something went well."""

    def __init__(self) -> None:
        self._waited = timedelta()

    def pause(self, error: OrgRolloutError) -> timedelta:
        """Return how long to wait before the next try.

        Raises:
            OrgRolloutError: Patience is at its end; it is ``error``.
        """
        if self._waited >= _PATIENCE:
            raise error
        pause = min(max(self._waited, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._waited += pause
        return pause

    def over(self) -> None:
        """Note that something went well."""
        self._waited = timedelta()
