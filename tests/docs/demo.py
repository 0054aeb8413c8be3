"""The demo as the README shows it: real lines, some left out.

`python -m tests.docs.demo` writes it into the README anew.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from tests.paths import ROOT

README = ROOT / "README.md"
LEFT_OUT = "..."
_BLOCK = re.compile(r"(?<=```demo\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def printed() -> list[str]:
    """Return what `orgrollout demo` prints now."""
    done = subprocess.run(
        [sys.executable, "-m", "orgrollout", "demo"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
    )
    return [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]


def shortened(lines: Sequence[str]) -> str:
    """Return the lines a newcomer should see first."""
    return "\n".join(_chosen(lines)) + "\n"


def in_readme() -> str:
    """Return what the README shows."""
    found = _BLOCK.search(README.read_text())
    assert found is not None
    return found[0]


def _chosen(lines: Sequence[str]) -> Iterator[str]:
    def first(test: Callable[[str], bool], start: int = 0) -> int:
        return next(i for i in range(start, len(lines)) if test(lines[i]))

    plan = first(lambda line: line.startswith("$ orgrollout plan"))
    notes = first(lambda line: line.startswith("note:"), plan)
    summary = first(lambda line: line.startswith("Plan:"), notes)
    apply = first(lambda line: line.startswith("$ orgrollout apply"))
    retry = first(lambda line: "tried again" in line, apply)
    table = first(lambda line: line.startswith("wave  "), retry)
    begun = first(lambda line: line.startswith(("planned by", "begun by")), table)
    end = first(lambda line: "succeeded:" in line, begun)
    again = first(lambda line: line.startswith("$ orgrollout plan"), end)
    nothing = first(lambda line: line.startswith("Nothing to do"), again)
    waves = first(lambda line: line.startswith("waves:"), plan)
    yield from [*lines[plan : waves + 1], LEFT_OUT, lines[notes], LEFT_OUT, lines[summary], ""]
    yield from [*lines[apply : apply + 9], LEFT_OUT, *lines[retry - 1 : retry + 3], LEFT_OUT]
    yield from [*lines[table:begun], LEFT_OUT, lines[end], "", lines[again], LEFT_OUT]
    yield from lines[nothing : nothing + 2]


if __name__ == "__main__":
    text = shortened(printed())
    README.write_text(_BLOCK.sub(lambda _: text, README.read_text()))
