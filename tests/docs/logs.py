"""The log lines of docs/operations.md, as a command in a simulated organization writes them.

`python -m tests.docs.logs` writes them into the page.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from orgrollout.cli.main import main
from tests.cli.support import write_manifest
from tests.paths import DOCS
from tests.stage import BASE, ORGANIZATION

PAGE = DOCS / "operations.md"
_SHOWN = re.compile(r"(?<=<!-- log lines -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)
_WANTED = ("begins: ", "claimed ", "call cloudformation:CreateStackInstances", "operation ended: ")
# What differs from one run to the next.
_VARIES = re.compile(
    r'("time": "|"duration_ms": |"request_id": ")[^",}]+|CreateStackInstances \S+ ms|-[0-9a-f]{16}'
)


def logged(folder: Path) -> list[str]:
    """Return the lines that the page shows some of: those of a rollout, at level debug."""
    file, organization = folder / "log", folder / "organization.yaml"
    organization.write_text(ORGANIZATION)
    manifest = write_manifest(folder, BASE)
    asked = ("--log-level", "debug", "--log-format", "json", "--log-file", str(file))
    code = main(["apply", str(manifest), "--sandbox", str(organization), "--yes", *asked])
    assert code == 0
    return file.read_text(encoding="utf-8").splitlines()


def shown(page: str) -> list[str]:
    """Return the lines of the page."""
    found = _SHOWN.search(page)
    assert found is not None
    return [line.strip() for line in found[0].splitlines() if line.strip()]


def steady(line: str) -> str:
    """Return a line without what differs from one run to the next."""
    return _VARIES.sub("*", line)


def _chosen(lines: list[str]) -> Iterator[str]:
    for wanted in _WANTED:
        yield next(line for line in lines if f'"message": "{wanted}' in line)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        text = "\n".join(f"    {line}" for line in _chosen(logged(Path(name))))
    PAGE.write_text(_SHOWN.sub(lambda _: f"{text}\n", PAGE.read_text()))
