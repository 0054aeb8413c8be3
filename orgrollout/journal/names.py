"""The name of a journal, as a manifest or a command has it; a path starts from a folder."""

from pathlib import Path

from orgrollout.journal.errors import JournalNameError
from orgrollout.manifest.loaded import LoadedManifest


def named_journal(loaded: LoadedManifest | None) -> str | None:
    """Return the journal that a manifest names; a path starts from the manifest's folder."""
    if loaded is None or loaded.manifest.journal is None:
        return None
    return in_folder(loaded.manifest.journal, loaded.path.parent)


def in_folder(named: str, folder: Path) -> str:
    """Return the name of a journal; a path starts from ``folder``.

    Raises:
        JournalNameError: It begins with `~` and a user that does not exist.
    """
    if "://" in named:
        return named
    try:
        return str(folder / Path(named).expanduser())
    except RuntimeError as error:
        raise JournalNameError(named, "there is no such user on this machine") from error
