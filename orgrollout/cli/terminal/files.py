"""Files that a command writes: whole or not at all, and never into a file that was not named.

A device or a pipe, such as /dev/stdout or /dev/null, is written to directly.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from orgrollout.cli.errors import OutputError


def replace_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a file that only its owner may read. An older file is replaced as a whole.

    What fails while the pieces are made leaves the old file as it was, too.

    Raises:
        OutputError: It cannot be written, or it is a symbolic link. The old file is as it was.
    """
    must_be_writable(path)
    try:
        if is_device(path):
            _write_into(path, pieces)
        else:
            _replace(path, pieces)
    except OSError as error:
        raise cannot_write(path, error) from error


def create_file(path: Path, content: bytes) -> None:
    """Write a new file.

    Raises:
        OutputError: Something has that name, or it cannot be written. No part of it is left.
    """
    try:
        if is_device(path):
            _write_into(path, [content.decode()])
        else:
            _create(path, content)
    except OSError as error:
        raise cannot_write(path, error) from error


def must_be_writable(path: Path) -> None:
    """Refuse a name that `replace_file` would refuse, before any work is done for it.

    Raises:
        OutputError: It is a folder, a symbolic link to a file or to nothing, or no name for a file.
    """
    try:
        _must_be_writable(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def _must_be_writable(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"{path} is a folder; nothing was written. Name a file.")
    if path.is_symlink() and not is_device(path):
        raise OutputError(
            f"{path} is a symbolic link to {path.readlink()}; nothing was written. Name the "
            "file itself, or remove the link."
        )


def is_there(path: Path) -> bool:
    """Return whether something has that name, also a symbolic link that leads nowhere."""
    return os.path.lexists(path) and not is_device(path)


def is_device(path: Path) -> bool:
    """Return whether it is a device, a pipe or a socket: nothing that can be replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Return the error that says why a file cannot be written."""
    return OutputError(f"cannot write {path}: {error.strerror or error}.")


def _write_into(path: Path, pieces: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(pieces)


def _replace(path: Path, pieces: Iterable[str]) -> None:
    """Write a file beside it first (mode 0600), so that a reader finds all of one of the two."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        beside = Path(file.name)
        try:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _create(path: Path, content: bytes) -> None:
    with path.open("xb") as file:  # "x" follows no symbolic link
        try:
            file.write(content)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
