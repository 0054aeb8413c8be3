"""The file of a record: new, for its owner alone, and every line in it whole."""

import os
from pathlib import Path

from orgrollout.exchange_record import Line, written


class RecordFile:
    """Takes lines as they come; each is written at once, so that a kill loses none."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            FileExistsError: Something has that name; it was left alone.
            OSError: It cannot be created.
        """
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._is_open = True

    def add(self, line: Line) -> None:
        """Write a line.

        Raises:
            OSError: It cannot be written, or not all of it.
        """
        rest = written(line)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def close(self, *, keep: bool) -> None:
        """Close the file; ``keep`` is False where nothing was recorded."""
        if self._is_open:
            self._is_open = False
            os.close(self._file)
            if not keep:
                self._path.unlink(missing_ok=True)
