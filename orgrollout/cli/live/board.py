"""What the live page shows right now, for any number of readers at the same time."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One state of the page."""

    number: int
    page: bytes
    document: bytes
    over: str = ""  # why no other follows


class Board:
    """Hands the newest state to readers. One thread shows, others wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shown = Shown(number=0, page=b"", document=b"")

    @property
    def shown(self) -> Shown:
        """Return the newest state."""
        with self._changed:
            return self._shown

    def show(self, page: bytes, document: bytes) -> None:
        """Show another state."""
        with self._changed:
            number = self._shown.number + 1
            self._shown = Shown(number=number, page=page, document=document)
            self._changed.notify_all()

    def end(self, why: str) -> None:
        """Tell all readers that no other state follows."""
        with self._changed:
            last = self._shown
            self._shown = Shown(
                number=last.number + 1, page=last.page, document=last.document, over=why
            )
            self._changed.notify_all()

    def wait(self, after: int, seconds: float) -> Shown:
        """Return the newest state as soon as it is another than ``after``, or when time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown.number != after, seconds)
            return self._shown
