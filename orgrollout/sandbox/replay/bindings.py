"""Values that a sandbox makes itself: each stands for one of the record, once they were compared.

Ids of stack sets, stacks and change sets, tokens of pages and the like are others in a sandbox. A
later request of the record that names one is sent with the sandbox's own.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orgrollout.exchange_record import Mark

SECRET = "secret"  # noqa: S105 - what is sent in the place of one
_LARGEST = 1 << 20  # bytes that stand for the content of an object
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Accounts, Regions, the organization, its units: the sandbox was made with those of the record.
_GIVEN = re.compile(r"[0-9]{12}|[a-z]{2}(?:-[a-z]+)+-[0-9]|o-[a-z0-9]{10,}|r-[0-9]{4}|ou-[0-9-]+")


class Bindings:
    """What each value of a record is in the sandbox; ``texts`` are the record's templates."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._known: dict[str, str] = {}
        self._sent: set[str] = set()  # what requests named: the caller chose it, so it is the same

    def bind(self, recorded: str, here: str) -> None:
        """Note that a value of the record is another one here, with the UUIDs in it."""
        self._known[recorded] = here
        ours, theirs = _UUID.findall(recorded), _UUID.findall(here)
        if len(ours) == len(theirs):
            self._known.update(zip(ours, theirs, strict=True))

    def is_given(self, text: str) -> bool:
        """Return whether a text is the same in a record and here: an answer cannot choose it."""
        return text in self._sent or _GIVEN.fullmatch(text) is not None

    def text(self, recorded: str) -> str:
        """Return what a text of the record is here."""
        if recorded in self._known:
            return self._known[recorded]
        return _UUID.sub(lambda found: self._known.get(found[0], found[0]), recorded)

    def sent(self, recorded: Any) -> Any:
        """Return what is sent for a value of the record."""
        match recorded:
            case str():
                here = self.text(recorded)
                if here == recorded:
                    self._sent.add(here)
                return here
            case list():
                return [self.sent(each) for each in recorded]
            case Mapping():
                marked = self._marked(recorded)
                if marked is not None:
                    return marked
                return {key: self.sent(each) for key, each in recorded.items()}
        return recorded

    def _marked(self, recorded: Mapping[str, Any]) -> Any:
        """Return what stands for a value that is not in the record; None if all of it is."""
        match recorded:
            case {Mark.TEXT: str(name)}:
                return self._texts.get(name, "")
            case {Mark.SECRET: _}:
                return SECRET
            case {Mark.TIME: str(moment)}:
                return datetime.fromisoformat(moment)
            case {Mark.BYTES: int(size)}:
                return bytes(min(size, _LARGEST))
        return None
