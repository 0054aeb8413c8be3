"""Files that others name: read up to a limit, and never waited for without an end."""

import os
from errno import ETIMEDOUT
from pathlib import Path
from select import select

PATIENCE = 10.0  # seconds that a pipe may be silent
_PIECE = 1 << 20


def read_at_most(path: Path, most: int, *, patience: float = PATIENCE) -> bytes:
    """Return the bytes of a file or pipe; ``most`` + 1 of them, if there are more than ``most``.

    Raises:
        OSError: It cannot be read, or it is a pipe into which nothing is written.
    """
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        pieces: list[bytes] = []
        left = most + 1
        while left:
            if not select([file], [], [], patience)[0]:
                raise TimeoutError(ETIMEDOUT, f"nothing is written into it for {patience:g} s")
            piece = file.read(min(left, _PIECE))
            if piece == b"":
                break
            pieces.append(piece or b"")  # None: another process read it first
            left -= len(pieces[-1])
    return b"".join(pieces)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer would hold the program up for ever."""
    return os.open(path, flags | os.O_NONBLOCK)
