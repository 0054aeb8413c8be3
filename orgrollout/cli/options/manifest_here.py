"""Which manifest is meant where none is named: the one in this folder."""

import re
from pathlib import Path

from orgrollout.cli.errors import WrongUsageError

HERE = Path()
NAME = "orgrollout.yaml"
_KEYS = (re.compile(r"(?m)^version:\s*1\s*(#.*)?$"), re.compile(r"(?m)^stack_sets:"))
_MOST = 1_000_000  # bytes; no manifest has more


def manifest_in(folder: Path) -> Path:
    """Return the manifest of a folder: orgrollout.yaml, or else the only one there is.

    A manifest is a YAML file with `version: 1` and `stack_sets:` at its top level.

    Raises:
        WrongUsageError: There is none, or there are several.
    """
    if (folder / NAME).is_file():
        return folder / NAME
    found = [path for path in sorted(folder.glob("*.y*ml")) if _is_manifest(path)]
    if len(found) == 1:
        return found[0]
    where = "this folder" if folder == HERE else str(folder)
    if not found:
        raise WrongUsageError(
            f"no manifest was named, and there is none in {where}. Name one, or write one with "
            "`orgrollout init`."
        )
    names = ", ".join(path.name for path in found)
    raise WrongUsageError(
        f"no manifest was named, and {where} has {len(found)}: {names}. Name one, or call the one "
        f"that is meant {NAME}."
    )


def _is_manifest(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > _MOST:
            return False
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return all(pattern.search(text) for pattern in _KEYS)
