"""The demo as the README shows it: real lines, some left out.

`python -m tests.docs.demo` writes it into the README again.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from tests.paths import ROOT

README = ROOT / "README.md"
LEFT_OUT = "..."
COLUMNS = 112  # of the terminal that is recorded
_BLOCK = re.compile(r"(?<=```demo\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def recorded() -> list[Text]:
    """Return what `orgrollout demo` prints on a terminal, with its colours."""
    done = subprocess.run(
        [sys.executable, "-m", "orgrollout", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        cwd=ROOT,
        env={**_environment(), "FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": str(COLUMNS)},
    )
    lines = [Text.from_ansi(line) for line in done.stdout.splitlines()]
    for line in lines:
        line.rstrip()
    return lines


def plain(lines: Sequence[Text]) -> list[str]:
    """Return the lines without their colours."""
    return [line.plain for line in lines]


def shortened(lines: Sequence[str]) -> str:
    """Return the lines a newcomer should see first."""
    return "\n".join(_chosen(lines)) + "\n"


def in_readme() -> str:
    """Return what the README shows."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    assert found is not None
    return found[0]


def first(lines: Sequence[str], test: Callable[[str], bool], start: int = 0) -> int:
    """Return the index of the first line that passes the test, from ``start`` on."""
    return next(i for i in range(start, len(lines)) if test(lines[i]))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NO_COLOR"}


def _chosen(lines: Sequence[str]) -> Iterator[str]:
    plan = first(lines, lambda line: line.startswith("$ orgrollout plan"))
    waves = first(lines, lambda line: line.startswith("waves:"), plan)
    notes = first(lines, lambda line: line.startswith("note:"), plan)
    note = first(lines, lambda line: line.startswith("note:"), notes + 1)
    summary = first(lines, lambda line: line.startswith("Plan:"), notes)
    apply = first(lines, lambda line: line.startswith("$ orgrollout apply"))
    retry = first(lines, lambda line: "tried again" in line, apply)
    table = first(lines, lambda line: line.startswith("wave  "), retry)
    begun = first(lines, lambda line: line.startswith(("planned by", "begun by")), table)
    end = first(lines, lambda line: "succeeded:" in line, begun)
    again = first(lines, lambda line: line.startswith("$ orgrollout plan"), end)
    nothing = first(lines, lambda line: line.startswith("Nothing to do"), again)
    after = first(lines, lambda line: not line, nothing)
    yield from [*lines[plan : waves + 1], LEFT_OUT, *lines[notes:note], LEFT_OUT]
    yield from [lines[summary], "", *lines[apply : apply + 9], LEFT_OUT]
    yield from [*lines[retry - 1 : retry + 3], LEFT_OUT, *lines[table:begun], LEFT_OUT]
    yield from [lines[end], "", lines[again], LEFT_OUT, *lines[nothing:after]]


if __name__ == "__main__":
    text = shortened(plain(recorded()))
    page = README.read_text(encoding="utf-8")
    README.write_text(_BLOCK.sub(lambda _: text, page), encoding="utf-8")
