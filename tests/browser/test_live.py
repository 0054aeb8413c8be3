"""The live page in a real browser: it follows, says so, and keeps what the reader has chosen."""

import json
from dataclasses import replace
from typing import Any

import pytest

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
