"""The page as a file: nothing in it is taken for HTML, and nothing is asked of anyone."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest

from orgrollout.report.page.document import manifest_document
from orgrollout.report.page.html import built, page_html
from tests.paths import PAGE_SOURCE
from tests.report.page.samples import HOSTILE, NOW, facts


class Elements(HTMLParser):
    """Which elements there are, and what the scripts hold."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        self._inside = f"{tag} {dict(attrs).get('id') or ''}".strip()

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data


@pytest.fixture(scope="module")
def page() -> str:
    return page_html(manifest_document(facts(60, 3, 2, hostile=True), NOW))


@pytest.fixture(scope="module")
def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


def test_hostile_names_make_no_element_and_come_back_unchanged(elements: Elements) -> None:
    assert elements.names.count("script") == 2
    assert "img" not in elements.names
    document = json.loads(elements.texts["script document"])
    assert set(HOSTILE) <= set(document["accounts"]["name"])
    assert any(HOSTILE[0] in reason for reason in document["texts"]["reason"])


def test_the_document_holds_no_character_that_could_end_it(page: str) -> None:
    text = page.partition('id="document">')[2].partition("</script>")[0]

    assert json.loads(text)["name"] == "security-baseline"
    assert not re.search("[<>&\u2028\u2029]", text)
    assert text.isascii()


def test_a_page_that_is_not_live_may_ask_for_nothing(elements: Elements, page: str) -> None:
    policy = next(v for k, v in elements.attributes if k == "content" and v and "default" in v)

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    assert not {name for name, _ in elements.attributes} & {"src", "onload", "onerror", "style"}
    assert "connect-src 'self'" in page_html({}, live=True)
    for name in ("page.js", "page.css"):
        digest = b64encode(hashlib.sha256(built(name).encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"https?://", page.replace("http://www.w3.org", ""))


def test_the_script_makes_no_html_of_texts() -> None:
    """Only text nodes hold what others chose."""
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc"

    for path in [*(PAGE_SOURCE / "src").glob("*.ts")]:
        assert not re.search(forbidden, path.read_text(encoding="utf-8")), path.name
    assert not re.search(forbidden, built("page.js"))


def test_the_committed_page_was_built_from_these_sources() -> None:
    """`make page` builds it again; the digest is compared here, so that no Node is needed."""
    folder = PAGE_SOURCE
    digest = hashlib.sha256()
    for path in [*sorted((folder / "src").iterdir()), folder / "package.json"]:
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")

    for name in ("page.js", "page.css"):
        assert digest.hexdigest() in built(name).partition("\n")[0]


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((PAGE_SOURCE / "package-lock.json").read_text(encoding="utf-8"))

    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in p for name, p in lock["packages"].items() if name)
