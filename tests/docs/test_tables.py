"""Tables of the documents are whole: an empty line would end one in the middle."""

from pathlib import Path

import pytest

from tests.paths import DOCS, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def loose_rows(text: str) -> list[str]:
    """Return rows that stand after an empty line, and have no rule below them."""
    lines = [*text.splitlines(), ""]
    return [
        line
        for before, line, after in zip(["", *lines], lines, lines[1:], strict=False)
        if line.startswith("|") and not before.strip() and not after.startswith("|-")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_row_stands_alone(page: Path) -> None:
    assert loose_rows(page.read_text(encoding="utf-8")) == []


def test_a_row_after_an_empty_line_is_seen() -> None:
    assert loose_rows("| a |\n|---|\n| 1 |\n\n| 2 |\n") == ["| 2 |"]
