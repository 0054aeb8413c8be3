"""The picture of a rollout in the README: a recording of `orgrollout demo`, some lines left out.

`python -m tests.docs.picture` writes docs/rollout.svg again. The picture needs no font and no
link: every text in it has a fixed length, so it looks the same in each monospace font.
"""

import re
from collections.abc import Iterator, Sequence
from io import StringIO

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.docs.demo import COLUMNS, LEFT_OUT, first, plain, recorded
from tests.paths import DOCS

PICTURE = DOCS / "rollout.svg"
_FONT_FACES = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\s*")


def drawn(lines: Sequence[Text]) -> str:
    """Return the picture of the lines that tell a rollout from plan to proof."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=StringIO(),
        force_terminal=True,
        color_system="standard",
        highlight=False,
    )
    for line in _chosen(lines):
        console.print(line, soft_wrap=True)
    frame = _COMMENT.sub("", _FONT_FACES.sub("", CONSOLE_SVG_FORMAT)).replace("Fira Code, ", "")
    picture = console.export_svg(title="make demo", code_format=frame, unique_id="rollout")
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def _chosen(lines: Sequence[Text]) -> Iterator[Text]:
    text = plain(lines)

    def at(start: str, after: int = 0) -> int:
        return first(text, lambda line: line.startswith(start), after)

    left_out = Text(LEFT_OUT, style="dim")
    plan, apply = at("$ orgrollout plan"), at("$ orgrollout apply")
    accounts, waves, summary = at("accounts:"), at("waves:"), at("Plan:")
    wave_one = at("08:00 wave 1", apply)
    retry = first(text, lambda line: "tried again" in line, apply)
    done = first(text, lambda line: line.endswith("1/1 done"), retry)
    table, failures = at("wave  ", retry), at("failures by class:", retry)
    end = first(text, lambda line: "succeeded:" in line, failures)
    again = at("$ orgrollout plan", end)
    yield from [lines[plan], *lines[accounts : waves + 1], left_out, lines[summary], Text()]
    yield from [*lines[apply : wave_one + 5], left_out, *lines[retry - 1 : retry + 1]]
    yield from [
        *lines[done - 1 : done + 1],
        left_out,
        lines[table],
        *lines[failures - 5 : failures],
    ]
    yield from [*lines[failures : failures + 3], left_out, lines[end], Text()]
    yield from [lines[again], left_out, lines[at("Nothing to do", again)]]


if __name__ == "__main__":
    PICTURE.write_text(drawn(recorded()), encoding="utf-8")
