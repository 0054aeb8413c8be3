"""The zip that the functions run: orgrollout and what it runs on, the same bytes twice."""

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from orgrollout.service.wheels import PackageError, Target, download, members

MOST_BYTES = 50_000_000  # of a zip (Lambda developer guide, "Lambda quotas")
MOST_UNZIPPED = 250_000_000
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_OURS = ("stacksets", "manifests")
# The simulated organization needs moto, and no function runs it. The page is there as it was built.
_LEFT_OUT = ("sandbox", "report/page/source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The zip, and what to know of it."""

    content: bytes
    unzipped: int
    wheels: int

    @property
    def digest(self) -> str:
        """Return its SHA-256."""
        return sha256(self.content).hexdigest()


def make_package(target: Target) -> Package:
    """Return the zip for a target. Wheels come from the package index, by their digests.

    Raises:
        PackageError: A wheel could not be had, or the zip is larger than Lambda takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheels = download(target, Path(folder))
        content = dict(_own_files())
        for wheel in wheels:
            content |= dict(members(wheel))
    packed = _zipped(content)
    unzipped = sum(map(len, content.values()))
    if len(packed) > MOST_BYTES or unzipped > MOST_UNZIPPED:
        raise PackageError(
            f"the zip has {len(packed):,} bytes and {unzipped:,} unzipped, and Lambda takes "
            f"{MOST_BYTES:,} and {MOST_UNZIPPED:,}; nothing was written."
        )
    return Package(content=packed, unzipped=unzipped, wheels=len(wheels))


def _own_files() -> Iterator[tuple[str, bytes]]:
    """Yield the program's own files, and the templates and manifests that come along."""
    package = Path(str(files("orgrollout")))
    yield from _below(package, "orgrollout")
    for name in _OURS:
        if not (package / name).is_dir():  # in a checkout they are beside the package
            yield from _below(package.parent / name, f"orgrollout/{name}")
    metadata = f"Metadata-Version: 2.1\nName: orgrollout\nVersion: {version('orgrollout')}\n"
    yield f"orgrollout-{version('orgrollout')}.dist-info/METADATA", metadata.encode()


def _below(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        left_out = any(inside.is_relative_to(each) for each in _LEFT_OUT)
        if path.is_file() and not left_out and "__pycache__" not in inside.parts:
            yield f"{name}/{inside.as_posix()}", path.read_bytes()


def _zipped(content: dict[str, bytes]) -> bytes:
    """Return a zip without anything in it that differs from one day or machine to another."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(content):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = 0o644 << 16
            member.create_system = 3  # Unix, on whatever it is made
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content[name])
    return packed.getvalue()
