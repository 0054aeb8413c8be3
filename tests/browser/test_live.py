"""The live page in a real browser: it follows, says so, and keeps what the reader has chosen."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orgrollout.cli.live import server as server_module
from orgrollout.cli.live.board import Board
from orgrollout.cli.live.server import serving
from orgrollout.report.page.document import rollout_document
from orgrollout.report.page.html import page_html
from orgrollout.rollout.state.state import PendingOperation, Phase
from tests.browser.conftest import Tab
from tests.report.page.samples import NOW, facts

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def shown(board: Board, document: dict[str, Any]) -> None:
    board.show(page_html(document, live=True).encode(), json.dumps(document).encode())


def test_the_page_follows_a_rollout_to_its_end(tab: Tab) -> None:
    view = facts(61, 3, 1).rollouts[0]
    last = view.plan.operations[-1]
    waiting = PendingOperation(planned=2, accounts=last.accounts, regions=last.regions)
    begun = replace(
        view.state,
        phase=Phase.RUNNING,
        ended=None,
        completed=view.state.completed[:2],
        failures=(),
        waiting=(waiting,),
    )
    board = Board()
    commands = [("go on with it", "orgrollout resume security-baseline-7")]
    shown(board, rollout_document(view.at(begun), NOW, commands, ["process 7 on host drives it."]))
    with serving(board) as server:
        tab.open(f"{server.address}#state=done")
        tab.wait_until_found(20 * 3)
        assert "process 7 on host drives it." in tab.page.locator("header").inner_text()
        assert "orgrollout resume" in tab.page.locator("#commands").inner_text()

        shown(board, rollout_document(view, NOW))
        tab.wait_until_found(60 * 3)  # the filter is as it was
        assert tab.page.evaluate("location.hash") == "#state=done"
        assert tab.page.locator("#live").inner_text().startswith("Live")
        board.end("security-baseline-7: succeeded")
        tab.page.get_by_text("No longer live: security-baseline-7: succeeded").wait_for()

        assert tab.complaints == []
        assert all(url.startswith(server.address) for url in tab.requests)


def test_a_change_leaves_the_reader_in_place(tab: Tab) -> None:
    view = facts(200, 3, 1).rollouts[0]
    board = Board()
    shown(board, rollout_document(view, NOW))
    with serving(board) as server:
        tab.open(server.address)
        tab.page.get_by_text("What the signs mean").click()
        summary = tab.page.locator("#plan summary").first
        summary.click()  # closed now
        tab.page.locator(".heat .zoom").nth(1).focus()
        key = tab.page.evaluate("document.activeElement.dataset.key")
        down = tab.page.evaluate("(scrollTo(0, 300), scrollY)")

        shown(board, {**rollout_document(view, NOW), "notes": ["a first note"]})
        tab.page.get_by_text("a first note").wait_for()

        assert tab.page.evaluate("document.activeElement.dataset.key") == key
        assert tab.page.evaluate("scrollY") == down
        assert tab.page.locator(".legend[open]").count() == 1
        assert tab.page.locator("#plan details[open]").count() == 0
        tab.page.locator("#q").press_sequentially("acc")
        shown(board, {**rollout_document(view, NOW), "notes": ["still newer"]})
        tab.page.get_by_text("still newer").wait_for()
        tab.page.keyboard.type("ount")
        tab.wait_until_found(200 * 3)
        tab.page.wait_for_url("**/#q=account")
        assert tab.complaints == []


def test_the_end_is_said_for_good_while_a_document_is_on_its_way(tab: Tab) -> None:
    view = facts(10, 1, 1).rollouts[0]
    board = Board()
    shown(board, rollout_document(view, NOW))
    with serving(board) as server:
        held: list[Any] = []
        tab.page.route(
            "**/document.json", lambda route: route.continue_() if held else held.append(route)
        )
        tab.open(server.address)
        while not held:
            tab.page.wait_for_timeout(20)
        board.end("security-baseline-7: succeeded")
        tab.page.get_by_text("No longer live").wait_for()
        held[0].continue_()

        tab.page.wait_for_timeout(300)
        assert tab.page.locator("#live").inner_text().startswith("No longer live: security")


def test_a_reader_that_there_is_no_room_for_is_told(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MOST_READERS", 0)
    board = Board()
    shown(board, rollout_document(facts(10, 1, 1).rollouts[0], NOW))
    with serving(board) as server:
        tab.open(server.address)

        tab.page.get_by_text("Not live: the server takes no more readers").wait_for()
