"""One word for one thing: words that the glossary rules out are in no text that people read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import DOCS, ROOT
from tests.sources import can_have, texts, texts_if

GLOSSARY = DOCS / "glossary.md"
PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
]
TEMPLATES = [*sorted((ROOT / "stacksets").glob("*.yaml")), *sorted((ROOT / "manifests").glob("*"))]


def ruled_out() -> tuple[str, ...]:
    """Return the words of the glossary's last table."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("## Words that are not used")[2]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)
    return tuple(word for word in rows if word not in {"not", "---"})


OUR_WORDS = re.compile(r"\b(claim|lease|posture|wave|soak|pair)s?\b", re.IGNORECASE)
WORDS = re.compile(
    r"\b(" + "|".join(re.escape(word) for word in ruled_out()) + r")\b", re.IGNORECASE
)


def _without_names(text: str) -> str:
    """Return a text without what stands in backticks: names of the product and of AWS stay."""
    return re.sub(r"`[^`]*`", "`", text)


def _found_in(texts: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    # A line break in the middle of two words is a space to a reader.
    return [
        (line, match.group())
        for line, text in texts
        for match in WORDS.finditer(re.sub(r"\s+", " ", text))
    ]


def test_the_glossary_rules_words_out() -> None:
    assert {"nobody", "anew", "what passes"} <= set(ruled_out())


@pytest.mark.parametrize("word", ["Nobody knows.", "It is read anew.", "what\npasses by itself"])
def test_a_word_that_is_ruled_out_is_found(word: str) -> None:
    assert _found_in(iter([(1, word)]))


@pytest.mark.parametrize(
    "source", ['x = "for no" f"body"', 'x = "what\\npasses"', "# It is made\n#\tanew.", "# anew"]
)
def test_a_module_that_has_such_a_word_is_read(tmp_path: Path, source: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)

    assert can_have(source, WORDS)
    assert list(texts_if(path, WORDS)) == list(texts(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documents_use_the_words_of_the_glossary(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page == GLOSSARY:
        text = text.partition("## Words that are not used")[0]
    lines = ((line, _without_names(words)) for line, words in enumerate(text.splitlines(), 1))
    assert _found_in(lines) == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_a_page_with_words_of_our_own_links_the_glossary(page: Path) -> None:
    """A reader who lands on one page finds what a claim, a wave or a pair is."""
    text = page.read_text(encoding="utf-8")
    assert page == GLOSSARY or not OUR_WORDS.search(text) or "](glossary.md" in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_and_manifests_use_the_words_of_the_glossary(path: Path) -> None:
    assert _found_in(enumerate(path.read_text(encoding="utf-8").splitlines(), 1)) == []


# How many such words the texts of a room may still have; a room that is not here may have none.
# The numbers only go down: take a room out when it is clean.
LEFT = {
    "model": 2,  # sentences of earlier versions, by which their verdicts are read
    "report": 1,  # `mend`, a key of JSON output
}


def _room(path: Path) -> str:
    """Return the room of a module: its first two folders, or its file name at the top."""
    return "/".join(path.relative_to(ROOT / "orgrollout").parent.parts[:2]) or path.name


def _words_of_rooms() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "orgrollout").rglob("*.py")):
        for line, word in _found_in(texts_if(path, WORDS)):
            found.setdefault(_room(path), []).append(f"{path.relative_to(ROOT)}:{line} {word}")
    return found


def test_help_messages_docstrings_and_comments_use_the_words_of_the_glossary() -> None:
    found = _words_of_rooms()
    over = {room: words for room, words in found.items() if len(words) > LEFT.get(room, 0)}
    assert over == {}
