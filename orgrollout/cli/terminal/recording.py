"""`--record FILE`: what a command sends and what is answered, written down for a bug report."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.template.builtin import builtin_names, builtin_path
from orgrollout.report.layout.words import count

if TYPE_CHECKING:
    from orgrollout.aws.recording.recorder import Recorder


@contextmanager
def recorded_in(path: Path | None, screen: Screen) -> "Iterator[Recorder | None]":
    """Give a recorder for a new file, or none where no file was named.

    Raises:
        WrongUsageError: The file cannot be created, or something has that name.
    """
    if path is None:
        yield None
        return
    recorder = _recorder(path, screen)
    try:
        yield recorder
    finally:
        recorder.close()
        if recorder.requests:
            screen.say(
                f"Recorded {count(recorder.requests, 'request')} in {path}, with names and ids "
                "replaced. Read it before you send it to others."
            )


def _recorder(path: Path, screen: Screen) -> "Recorder":
    from orgrollout.aws.recording.recorder import Recorder  # noqa: PLC0415 - slow to import

    templates = [builtin_path(name).read_text(encoding="utf-8") for name in builtin_names()]
    try:
        return Recorder(path, templates=templates, warn=screen.say)
    except FileExistsError as error:
        raise WrongUsageError(
            f"--record {path}: the file exists, and was left alone. Nothing was done. Choose "
            "another name."
        ) from error
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise WrongUsageError(
            f"--record {path}: it cannot be written: {reason}. Nothing was done. Name a file in a "
            "folder that exists."
        ) from error
