"""The page in a real browser: it opens, filters, asks for nothing and can be used by everyone.

Times are printed and not asserted: they are those of the machine. `SCREENSHOTS=1` writes the
pictures of the documentation again.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orgrollout.report.page.document import manifest_document
from orgrollout.report.page.html import built, page_html
from tests.browser.conftest import SIZES, Tab
from tests.paths import DOCS, PAGE_SOURCE
from tests.report.page.samples import HOSTILE, NOW, facts

pytestmark = [pytest.mark.slow, pytest.mark.browser]

NODE_MODULES = PAGE_SOURCE / "node_modules"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"


@pytest.mark.parametrize("size", SIZES)
def test_it_opens_filters_and_asks_for_nothing(tab: Tab, pages: dict[int, Path], size: int) -> None:
    accounts, regions, stack_sets = SIZES[size]
    path = pages[size]

    tab.open(path.as_uri())

    assert path.stat().st_size < 25_000_000
    assert tab.found == size
    timing = "performance.getEntriesByType('navigation')[0].domComplete"
    opened = tab.page.evaluate(timing)
    tab.page.fill("#q", "us-east-2")
    tab.wait_until_found(accounts * stack_sets)
    filtered = tab.took
    assert "q=us-east-2" in tab.page.evaluate("location.hash")
    tab.go("#state=failed")
    failed = sum(1 for number in range(accounts) if number % 61 == 5 and number % 29 != 3)
    skipped = sum(1 for n in range(accounts) if n % 61 == 5 and n % 29 != 3 and n % 47 == 46)
    tab.wait_until_found((failed - skipped) * regions * stack_sets)
    elements = tab.page.evaluate("document.querySelectorAll('*').length")
    assert elements < 12_000  # rows are drawn when they are looked at
    assert tab.requests == [path.as_uri()]
    assert tab.complaints == []
    print(
        f"\n{size:,} pairs: {path.stat().st_size / 1e6:.1f} MB, opened in {opened:,.0f} ms, "
        f"filtered in {filtered} and {tab.took} ms, {elements:,} elements"
    )


def test_the_states_of_the_tiles_add_up(tab: Tab, pages: dict[int, Path]) -> None:
    tab.open(pages[2_000].as_uri())

    numbers = tab.page.locator(".tile .number").all_inner_texts()

    assert sum(int(text.replace(",", "")) for text in numbers) == 2_000


def test_hostile_names_are_text(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    document = manifest_document(facts(60, 3, 2, hostile=True), NOW)
    path.write_text(page_html(document), encoding="utf-8")

    tab.open(path.as_uri())
    tab.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    assert tab.page.locator("main img, main script, main b").count() == 0
    text = tab.page.locator("main").inner_text()
    assert HOSTILE[0] in text
    assert HOSTILE[1] in text
    assert "\\u202egnp.exe" in text  # what turns the direction of writing is written out
    assert "\\u001b[31mred" in text
    assert "\u202e" not in text
    assert tab.complaints == []
    width = tab.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_units_and_regions_fold_and_a_view_can_be_sent(tab: Tab, pages: dict[int, Path]) -> None:
    tab.open(pages[2_000].as_uri())
    rows = tab.page.locator(".heat tbody tr")
    before = rows.count()

    tab.page.get_by_role("button", name="Fold units", exact=True).click()
    assert rows.count() == 1 < before
    tab.page.get_by_role("button", name="Fold Regions", exact=True).click()
    assert tab.page.locator(".heat .region").count() == 0
    tab.page.locator(".heat tbody td a").first.click()
    view = tab.page.evaluate("location.href")
    assert "set=config-regional" in view

    tab.open(f"{view}&again")
    tab.wait_until_found(1_000)
    tab.page.get_by_role("button", name="Clear").click()
    tab.wait_until_found(2_000)


def test_a_link_to_a_stack_instance_tells_its_history(tab: Tab, pages: dict[int, Path]) -> None:
    account = f"{100_000_000_000 + 5 * 7}"

    tab.open(f"{pages[60].as_uri()}#instance=config-regional~{account}~us-east-1")

    shown = tab.page.locator("#instance")
    assert "failed" in shown.locator("dl").inner_text()
    history = shown.locator("table").inner_text()
    assert "update, wave 3, attempt 1, security-baseline-7: blocked by policy" in history
    shown.get_by_role("link", name="Close").click()
    assert tab.page.locator("#instance").count() == 0


def test_the_heat_map_is_walked_with_the_keyboard(tab: Tab, pages: dict[int, Path]) -> None:
    tab.open(pages[60].as_uri())
    focused = "document.activeElement.dataset.key"
    tab.page.locator(".heat [tabindex='0']").focus()

    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        tab.page.keyboard.press(key)

    assert tab.page.evaluate(focused).startswith(("unit", "account", "zoom"))
    assert tab.page.locator(".heat [tabindex='0']").count() == 1
    tab.page.keyboard.press("Tab")
    assert not tab.page.evaluate("document.activeElement.closest('.heat')")


def test_a_filter_that_names_nothing_leaves_nothing(tab: Tab, pages: dict[int, Path]) -> None:
    """A unit of another name: the page could not be drawn, or stayed as it was."""
    tab.open(f"{pages[60].as_uri()}#ou=/Workloads/")
    assert tab.found == 0
    said = tab.page.locator("#heat .result").inner_text()
    assert "There is no unit /Workloads/ on this page." in said
    assert tab.page.get_attribute("#ou", "aria-invalid") == "true"

    tab.go("")
    tab.wait_until_found(60)
    tab.page.fill("#account", "1234")
    tab.wait_until_found(0)
    assert tab.page.get_attribute("#account", "aria-invalid") == "true"
    assert tab.complaints == []


def test_enter_in_the_heat_map_leaves_the_focus_in_it(tab: Tab, pages: dict[int, Path]) -> None:
    tab.open(pages[60].as_uri())
    zoom = tab.page.locator(".heat .zoom").nth(1)
    key = zoom.get_attribute("data-key")
    zoom.focus()

    tab.page.keyboard.press("Enter")
    tab.page.wait_for_function("document.getElementById('page').dataset.found !== '60'")

    assert tab.page.evaluate("document.activeElement.dataset.key") == key
    tool = tab.page.get_by_role("button", name="Fold Regions", exact=True)
    tool.focus()
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.activeElement.textContent") == "Fold Regions"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_axe_finds_nothing_serious(
    tab: Tab, pages: dict[int, Path], scheme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: no node")
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.set_viewport_size({"width": width, "height": 900})
    account = f"{100_000_000_000 + 5 * 7}"
    tab.open(f"{pages[60].as_uri()}#instance=config-regional~{account}~us-east-1")
    tab.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.page.evaluate("axe.run()")

    assert found["passes"]
    assert [_said(each) for each in found["violations"] if each["impact"] in SERIOUS] == []


SERIOUS = {"serious", "critical"}


def _said(violation: dict[str, Any]) -> str:
    where = [node["html"][:120] for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']}: {where}"


def test_it_prints(tab: Tab, pages: dict[int, Path]) -> None:
    tab.open(pages[60].as_uri())

    printed = tab.page.pdf(print_background=True)

    assert printed.startswith(b"%PDF")
    assert tab.complaints == []


def test_a_fresh_build_is_the_committed_one(tmp_path: Path) -> None:
    """`make page` was run after the last change of its sources."""
    if not (NODE_MODULES / "esbuild").exists():
        pytest.skip("esbuild is not installed: no node")

    subprocess.run(  # noqa: S603 - our own script
        ["node", "build.mjs", str(tmp_path)],  # noqa: S607
        cwd=PAGE_SOURCE,
        check=True,
    )

    for name in ("page.js", "page.css"):
        assert (tmp_path / name).read_text(encoding="utf-8") == built(name)


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="writes the pictures of docs/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pictures_of_the_documentation(tab: Tab, pages: dict[int, Path], scheme: str) -> None:
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.set_viewport_size({"width": 1100, "height": 760})
    tab.open(pages[60].as_uri())

    path = DOCS / f"report-{scheme}.png"
    tab.page.screenshot(path=path)

    assert path.stat().st_size < 200_000
