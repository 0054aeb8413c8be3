"""The body of an HTTP request as a client sent it: of a length, in chunks, too large, or cut off.

Every way in which it can be wrong is an error that is answered; the connection is closed after it,
because what follows in the stream is of no known meaning.
"""

import re
import time
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

from orgrollout.sandbox.errors import ApiError

LARGEST = 64 * 1024 * 1024
PATIENCE_SECONDS = 10.0
"""The time in which a body has to arrive; after it the client gets an error."""
_PIECE = 64 * 1024
_LONGEST_LINE = 4096
_HEX = re.compile(rb"[0-9a-fA-F]{1,15}")


def read_body(stream: BufferedIOBase, headers: Mapping[str, str]) -> bytes:
    """Return the body.

    Raises:
        ApiError: It is not as its headers say, or larger than ``LARGEST``.
    """
    coding = headers.get("Transfer-Encoding")
    length = headers.get("Content-Length")
    if coding is not None:
        if length is not None or coding.strip().lower() != "chunked":
            raise _bad("Transfer-Encoding must be chunked, and exclude Content-Length.")
        return _collected(_chunks(stream))
    if length is None:
        return b""
    if not (length.isascii() and length.isdigit()) or len(length) > 15:  # noqa: PLR2004
        raise _bad("Content-Length must be a number.")
    return _collected(_pieces(stream, int(length)))


def _collected(pieces: Iterator[bytes]) -> bytes:
    """Join the pieces; what is too large is read to its end, so that the answer is read, too."""
    until = time.monotonic() + PATIENCE_SECONDS
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size <= LARGEST:
            kept.append(piece)
        else:
            kept.clear()
        if time.monotonic() > until:
            raise ApiError("RequestTimeout", "The body did not arrive in time.", 400)
    if size > LARGEST:
        message = f"The sandbox takes bodies of up to {LARGEST:,} bytes; this one has {size:,}."
        raise ApiError("EntityTooLarge", message, 413)
    return b"".join(kept)


def _pieces(stream: BufferedIOBase, length: int) -> Iterator[bytes]:
    left = length
    while left:
        try:
            piece = stream.read(min(left, _PIECE))
        except TimeoutError as error:
            raise _short() from error
        if not piece:
            raise _short()
        left -= len(piece)
        yield piece


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    while size := _size(stream):
        yield from _pieces(stream, size)
        if _line(stream) != b"":
            raise _bad("A chunk is longer than it says.")
    while _line(stream) != b"":  # trailers: nothing here needs them
        continue


def _size(stream: BufferedIOBase) -> int:
    found = _line(stream).split(b";", 1)[0].strip()
    if not _HEX.fullmatch(found):
        raise _bad("The size of a chunk must be a number in hexadecimal form.")
    return int(found, 16)


def _line(stream: BufferedIOBase) -> bytes:
    try:
        line = stream.readline(_LONGEST_LINE)
    except TimeoutError as error:
        raise _short() from error
    if not line.endswith(b"\n"):
        raise _short()
    return line.rstrip(b"\r\n")


def _bad(message: str) -> ApiError:
    return ApiError("BadRequest", message)


def _short() -> ApiError:
    message = "You did not provide the number of bytes that the headers of the request promise."
    return ApiError("IncompleteBody", message)
