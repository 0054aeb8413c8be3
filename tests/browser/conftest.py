"""Chromium, as Debian packages it; where it is missing, `make test-browser` installs it.

Nothing is downloaded by the driver. Tests that need what is not there are skipped, and say so.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orgrollout.report.page.document import manifest_document
from orgrollout.report.page.html import page_html
from tests.report.page.samples import NOW, facts

SIZES = {60: (10, 3, 2), 2_000: (100, 10, 2), 170_000: (10_000, 17, 1)}  # accounts, Regions, sets


@dataclass
class Tab:
    """A page that is open, with all that it asked for and complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.page.wait_for_selector("#page[data-found]", timeout=60_000)

    @property
    def found(self) -> int:
        """Return how many stack instances the filter leaves."""
        return int(self.page.eval_on_selector("#page", "each => each.dataset.found"))

    @property
    def took(self) -> int:
        """Return how many milliseconds the last drawing took."""
        return int(self.page.eval_on_selector("#page", "each => each.dataset.took"))

    def wait_until_found(self, number: int) -> None:
        self.page.wait_for_selector(f'#page[data-found="{number}"]', timeout=30_000)

    def go(self, fragment: str) -> None:
        """Change the fragment, as a link that was sent does."""
        self.page.evaluate("fragment => { location.hash = fragment }", fragment)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="make test-browser installs it")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Debian's chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    made = Tab(context.new_page())
    made.page.on("request", lambda request: made.requests.append(request.url))
    made.page.on("console", lambda said: made.complaints.append(said.text))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Return a page of each size, as a file."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for size, (accounts, regions, stack_sets) in SIZES.items():
        found[size] = folder / f"{size}.html"
        document = manifest_document(facts(accounts, regions, stack_sets), NOW)
        found[size].write_text(page_html(document), encoding="utf-8")
    return found
