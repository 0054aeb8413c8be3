"""Documents name files that are there: a reader follows them."""

import re
from collections.abc import Iterator

import pytest

from tests.paths import DOCS, ROOT

PAGES = [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
NAMED = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml|md|json)|(?:[a-z_]+/)+)`")
LINKED = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def _named() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for name in NAMED.findall(page.read_text(encoding="utf-8")):
            yield page.relative_to(ROOT).as_posix(), name


def test_every_file_that_a_document_names_exists() -> None:
    missing = [
        (page, name)
        for page, name in _named()
        if not (ROOT / name).exists() and not (ROOT / "orgrollout" / name).exists()
    ]
    assert missing == []


def test_files_are_named_at_all() -> None:
    """Otherwise the test above would find nothing to look at."""
    assert len({name for _, name in _named()}) > 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page: object) -> None:
    path = ROOT / str(page)
    targets = LINKED.findall(path.read_text(encoding="utf-8"))
    assert [t for t in targets if not (path.parent / t).exists()] == []
