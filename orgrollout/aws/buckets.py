"""Folders of a bucket: what is in them, and a copy of one on this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgrollout.aws.objects import download
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import OrgRolloutError

MOST_OBJECTS = 500
MOST_BYTES = 20_000_000


class FolderError(OrgRolloutError):
    """A folder of a bucket cannot be copied to this machine. Nothing was read from it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} {why}. Nothing was planned from it.")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, as one connection reaches it."""

    connection: Connection
    name: str

    def objects(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield the key and size of every object below ``prefix``, in order."""
        token: dict[str, str] = {}
        while True:
            asked = {"Bucket": self.name, "Prefix": prefix, **token}
            answer = self._call("ListObjectsV2", asked)
            for item in answer.get("Contents") or ():
                yield item["Key"], int(item["Size"])
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def copy_folder(self, prefix: str, target: Path) -> None:
        """Copy all objects below ``prefix``, which ends with a slash, into ``target``.

        Raises:
            FolderError: It is too large, a key would leave the folder, or one is below another.
            AwsError: Something could not be read.
        """
        found = [each for each in self.objects(prefix) if not each[0].endswith("/")]
        where = f"s3://{self.name}/{prefix}"
        if len(found) > MOST_OBJECTS or sum(size for _, size in found) > MOST_BYTES:
            most = f"{MOST_OBJECTS:,} objects or {MOST_BYTES:,} bytes"
            raise FolderError(where, f"holds more than {most}")
        paths = {key: self._place(key.removeprefix(prefix), target, where) for key, _ in found}
        for key, path in paths.items():
            content = self.read(key)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                why = f"has keys that are no files side by side: {key} ({type(error).__name__})"
                raise FolderError(where, why) from error

    def read(self, key: str) -> bytes:
        """Return an object, whole."""
        asked = {"Bucket": self.name, "Key": key}
        return download(lambda: self._call("GetObject", asked), f"s3://{self.name}/{key}")[1]

    def _call(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        return self.connection.call("s3", operation, asked)

    @staticmethod
    def _place(relative: str, target: Path, where: str) -> Path:
        parts = relative.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\\" in relative or "\0" in relative:
            raise FolderError(where, "has a key that names no file below it")
        return target.joinpath(*parts)
