"""What holds where the command line says nothing: the environment, and a file of defaults.

An option wins, then a variable such as ORGROLLOUT_PROFILE, then (for the journal) the manifest,
then `[defaults]` of the file, in TOML. A simulated organization takes no profile and no journal
from here.
"""

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from orgrollout.bounded_read import read_at_most
from orgrollout.cli.errors import WrongUsageError

KEYS = ("profile", "journal", "format", "log_level", "log_format", "log_file")
FILE = "ORGROLLOUT_CONFIG"
_SECTION = "defaults"
_MOST_BYTES = 1_000_000


def config_file() -> Path:
    """Return where the defaults are kept, whether or not there are any."""
    named = os.environ.get(FILE)
    return Path(named) if named else user_config_path("orgrollout") / "config.toml"


def from_environment(key: str) -> str | None:
    """Return what a variable of the environment says."""
    return os.environ.get(f"ORGROLLOUT_{key.upper()}") or None


def from_file(key: str) -> str | None:
    """Return what the file of defaults says.

    Raises:
        WrongUsageError: It cannot be read, or says what no default can be.
    """
    return _defaults().get(key)


def setting(key: str, choices: Collection[str]) -> Any:
    """Return the one of ``choices`` that the environment or the file says, if either does.

    Raises:
        WrongUsageError: It is none of them.
    """
    wanted = from_environment(key) or from_file(key)
    if wanted is None or wanted in choices:
        return wanted
    raise WrongUsageError(
        f"the default {key} is set to {wanted}: there is none of that name. Write one of "
        f"{', '.join(choices)}."
    )


def path_setting(key: str) -> Path | None:
    """Return the path that the environment or the file says; the file's is relative to the file."""
    if named := from_environment(key):
        return Path(named).expanduser()
    kept = from_file(key)
    return config_file().parent / Path(kept).expanduser() if kept else None


def _defaults() -> Mapping[str, str]:
    path = config_file()
    if not path.is_file():
        if os.environ.get(FILE):
            why = "it is no regular file" if path.exists() else "there is no such file"
            raise WrongUsageError(f"{path}: {why}, and {FILE} names it.")
        return {}
    try:
        content = read_at_most(path, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise WrongUsageError(
                f"{path} has more than {_MOST_BYTES:,} bytes. It is to hold [{_SECTION}] alone."
            )
        document = tomllib.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise WrongUsageError(f"{path} cannot be read as TOML: {error}.") from error
    return _section(path, document)


def _section(path: Path, document: Mapping[str, Any]) -> Mapping[str, str]:
    from orgrollout.manifest.text.shorthand import did_you_mean  # noqa: PLC0415 - slow to import

    section = document.get(_SECTION, {})
    for key in document.keys() - {_SECTION}:
        hint = did_you_mean(key, [_SECTION])
        raise WrongUsageError(f"{path}: `{key}` is no section of it. {hint}")
    if not isinstance(section, dict):
        raise WrongUsageError(f"{path}: [{_SECTION}] must be a section with {', '.join(KEYS)}.")
    for key, value in section.items():
        if key not in KEYS:
            raise WrongUsageError(f"{path}: no default `{key}`. {did_you_mean(key, KEYS)}")
        if not isinstance(value, str) or not value:
            raise WrongUsageError(f"{path}: {_SECTION}.{key} must be a text.")
    return section
