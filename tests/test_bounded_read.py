"""Files that others name are read up to a limit; a pipe is waited for, but not for ever."""

import os
from pathlib import Path
from threading import Thread

import pytest

from orgrollout.bounded_read import read_at_most
from orgrollout.errors import ManifestError
from orgrollout.manifest.text.source import read_text


def test_a_file_is_read_whole_or_one_byte_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")

    assert read_at_most(path, 5) == b"12345"
    assert read_at_most(path, 3) == b"1234"
    assert read_at_most(Path("/dev/zero"), 3_000_000) == bytes(3_000_001)


def test_a_pipe_that_is_written_into_is_read_to_its_end(tmp_path: Path) -> None:
    """As a shell gives one: ``orgrollout validate <(generate)``."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(b"x" * 200_000,))
    writer.start()

    assert read_at_most(path, 1_000_000) == b"x" * 200_000
    writer.join()


def test_a_pipe_into_which_nothing_is_written_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(TimeoutError, match=r"nothing is written into it for 0\.05 s"):
        read_at_most(path, 10, patience=0.05)


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read: Is a directory"):
        read_text(tmp_path)
