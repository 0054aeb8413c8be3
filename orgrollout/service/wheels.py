"""The wheels that the service runs on, as they are pinned, for another platform than this one."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from orgrollout.errors import OrgRolloutError

PINS = "constraints.txt"
_SHOWN = 3


class Architecture(StrEnum):
    """What AWS Lambda runs functions on."""

    ARM64 = "arm64"
    X86_64 = "x86_64"

    @property
    def machine(self) -> str:
        """Return what wheels call it."""
        return "aarch64" if self is Architecture.ARM64 else "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the zip runs: python3.13 on Amazon Linux 2023, which has glibc 2.34."""

    architecture: Architecture
    python: str = "3.13"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return the platforms whose wheels run there, as their names say."""
        glibcs = ("_2_28", "_2_17", "2014")
        return tuple(f"manylinux{glibc}_{self.architecture.machine}" for glibc in glibcs)


class PackageError(OrgRolloutError):
    """The zip of the service cannot be made. Nothing was written."""


def pins() -> Path:
    """Return the file that pins what the program runs on, each with its digests.

    Raises:
        PackageError: This installation has none.
    """
    package = Path(str(files("orgrollout")))
    for place in (package / "service" / PINS, package.parent / PINS):
        if place.is_file():
            return place
    raise PackageError(
        f"{PINS} did not come along with this installation; nothing was written. Install "
        "orgrollout from its wheel, or work in its repository."
    )


def download(target: Target, folder: Path) -> tuple[Path, ...]:
    """Return the wheels of everything that is pinned, downloaded by pip into ``folder``.

    pip checks each against its digests, and takes no package that would have to be built.

    Raises:
        PackageError: pip is not there, or did not get all of them.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(folder)]
    command += ["--implementation", "cp", "--python-version", target.python]
    command += [part for each in target.platforms for part in ("--platform", each)]
    for_it = folder / "pins.txt"
    for_it.write_text(_for_linux(pins().read_text(encoding="utf-8"), target), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - this interpreter, our own arguments
        [*command, "--requirement", str(for_it)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()][:_SHOWN]
        raise PackageError(
            "pip did not download what the service runs on; nothing was written. It says: "
            + " ".join(said)
        )
    return tuple(sorted(folder.glob("*.whl")))


def _for_linux(text: str, target: Target) -> str:
    """Return the pins that hold there, without their conditions.

    pip judges conditions by the machine it runs on, also where it downloads for another one.
    """
    return "\n".join(
        re.sub(r" ;[^\\\n]*", "", block)
        for block in re.split(r"\n(?=\S)", text)
        if _holds(block, target)
    )


def _holds(block: str, target: Target) -> bool:
    condition = re.match(r"^[^;\\\n]*;\s*([^\\\n]*)", block)
    if condition is None:
        return True
    there = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": target.architecture.machine,
        "python_version": target.python,
        "python_full_version": f"{target.python}.0",
    }
    from packaging.markers import Marker  # noqa: PLC0415 - slow, and only packaging needs it

    return Marker(condition[1].strip()).evaluate(there)


def members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that a wheel installs, by their path below site-packages."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            inside = _installed(name)
            if inside is not None:
                yield inside, archive.read(name)


def _installed(name: str) -> str | None:
    """Return where a member of a wheel is installed; None: not among the modules."""
    if name.endswith("/"):
        return None
    head, _, rest = name.partition("/")
    if not head.endswith(".data"):
        return name
    kind, _, inside = rest.partition("/")
    return inside if kind in {"purelib", "platlib"} else None
