"""What only a live account can confirm names its experiment, or why there is none."""

import re
from collections.abc import Iterator

import pytest

from orgrollout.confirm.registry import BY_NAME
from tests.paths import DOCS, ROOT

HEADINGS = ("## To be confirmed on a live account\n", "## What only a live account can confirm\n")
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
POINTER = "#what-only-a-live-account-can-confirm"
EXPERIMENT = re.compile(r"(?<!No )Experiment: `([a-z_]+)`\.$")
NONE = re.compile(r"No experiment: \S.*\.$")


def doubts(text: str) -> Iterator[str]:
    """Yield each doubt of a page in one line: the points of its list, and paragraphs like them."""
    for heading in HEADINGS:
        section = text.partition(heading)[2].partition("\n## ")[0]
        for point in re.findall(r"^- (.*(?:\n {2}.*)*)", section, re.MULTILINE):
            if POINTER not in point:
                yield " ".join(point.split())
    for paragraph in re.findall(r"^Only a live account can confirm.*(?:\n\S.*)*", text, re.M):
        yield " ".join(paragraph.split())


DOUBTS = [(page.name, doubt) for page in PAGES for doubt in doubts(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "doubt"), DOUBTS, ids=lambda part: part[:40])
def test_a_doubt_names_its_experiment_or_why_there_is_none(page: str, doubt: str) -> None:
    named = EXPERIMENT.search(doubt)

    assert (named is None) != (NONE.search(doubt) is None), page
    assert named is None or named.group(1) in BY_NAME


def test_the_lists_are_found() -> None:
    """A heading that is written otherwise would hide its list."""
    pages = {page for page, _ in DOUBTS}

    assert pages == {
        "README.md",
        "archive.md",
        "baseline.md",
        "drift.md",
        "protection.md",
        "resync.md",
        "rules.md",
    }
    for page in PAGES:
        told = len(re.findall("live account can confirm", page.read_text("utf-8"), re.IGNORECASE))
        assert bool(told) <= (page.name in pages), page


def test_a_doubt_without_either_is_found() -> None:
    text = "# A\n\n## What only a live account can confirm\n\n- Whether it\n  works.\n"

    (found,) = doubts(text)
    assert found == "Whether it works."
    assert not EXPERIMENT.search(found)
    assert not NONE.search(found)
