"""The templates that come along with the package, reachable as `builtin:NAME`."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

PREFIX = "builtin:"


def _folder() -> Path:
    package = Path(str(files("orgrollout")))
    shipped = package / "stacksets"
    return shipped if shipped.is_dir() else package.parent / "stacksets"


@lru_cache(maxsize=1)
def builtin_names() -> tuple[str, ...]:
    """Return the names of all templates that come along."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def builtin_path(name: str) -> Path:
    """Return where a template that comes along is.

    Raises:
        KeyError: There is none of that name.
    """
    if name not in builtin_names():
        raise KeyError(name)
    return _folder() / f"{name}.yaml"


def export_builtins(folder: Path) -> tuple[Path, ...]:
    """Write every template that comes along into a folder, and return the files.

    Raises:
        FileExistsError: One of them is there already. Nothing was written.
    """
    targets = {name: folder / f"{name}.yaml" for name in builtin_names()}
    for path in targets.values():
        if path.exists() or path.is_symlink():
            raise FileExistsError(f"{path} exists already; nothing was written.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in targets.items():
        with path.open("xb") as file:  # "x" follows no symbolic link
            file.write(builtin_path(name).read_bytes())
    return tuple(targets.values())
