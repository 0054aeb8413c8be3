"""What the page says of a stack instance or an operation: no more than is known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgrollout.posture.seen import broken, ok
from orgrollout.report.page.document import Facts, manifest_document, rollout_document
from orgrollout.report.page.html import page_html
from orgrollout.rollout.coverage import CoverageState
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, Phase
from tests.browser.conftest import Tab
from tests.report.page.samples import NOW, facts

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def opened(tab: Tab, folder: Path, document: dict[str, Any], fragment: str = "") -> None:
    path = folder / "page.html"
    path.write_text(page_html(document), encoding="utf-8")
    tab.open(f"{path.as_uri()}{fragment}")


def all_current(made: Facts, **changes: Any) -> Facts:
    rows = [replace(r, state=CoverageState.CURRENT, reason="", **changes) for r in made.rows]
    return replace(made, rows=rows)


def test_a_state_alone_is_not_called_good(tab: Tab, tmp_path: Path) -> None:
    """A recorder that is stopped in a stack instance that is current."""
    made = facts(10, 1, 1)

    first, *others = all_current(made, posture=ok("it records")).rows
    stopped = replace(first, posture=broken("the recorder is stopped"))
    opened(tab, tmp_path, manifest_document(replace(made, rows=[stopped, *others]), NOW))
    listed = tab.page.locator("#list").inner_text()
    assert "all whose posture is broken" in listed
    assert tab.page.locator("#list tbody tr").count() == 1
    assert "the recorder is stopped" in listed

    opened(tab, tmp_path, manifest_document(all_current(made, posture=None), NOW))
    listed = tab.page.locator("#list").inner_text()
    assert "No stack instance is in a state to look at." in listed
    assert "as wanted" not in listed
    assert tab.complaints == []


def test_a_rollout_that_is_done_and_an_operation_that_was_stopped(tab: Tab, tmp_path: Path) -> None:
    view = facts(4, 1, 1).rollouts[0]
    first, second, third = view.state.completed
    stopped = replace(first, status="STOPPED", succeeded=1, cancelled=1)
    state = replace(
        view.state, completed=(stopped, replace(second, status="FAILED"), third), failures=()
    )

    opened(tab, tmp_path, rollout_document(view.at(state), NOW))

    assert "The rollout has carried out all of it." in tab.page.locator("#list").inner_text()
    bars = tab.page.locator(".bar").evaluate_all("all => all.map(each => each.className)")
    assert bars == ["bar part", "bar bad", "bar good"]
    cells = tab.page.locator("#rollouts tbody tr").first.locator("td").all_inner_texts()
    assert cells[2:6] == ["STOPPED", "1", "0", "1"]


def test_a_stack_instance_that_was_skipped_or_waits_is_not_called_done(
    tab: Tab, tmp_path: Path
) -> None:
    view = facts(10, 1, 1).rollouts[0]
    last = view.plan.operations[2]
    skipped, again, _, done = sorted(last.rectangle.pairs)[:4]  # the third has failed
    failures = (
        Failure(
            planned=2,
            pair=skipped,
            kind=FailureClass.SKIPPED,
            reason="account is SUSPENDED",
            attempts=1,
            final=True,
        ),
        Failure(planned=2, pair=again, kind=FailureClass.THROTTLED, reason="slow down", attempts=1),
    )
    halted = replace(view.state, phase=Phase.HALTED, failures=failures)
    document = rollout_document(view.at(halted), NOW)
    said = []
    for pair in (skipped, again, done):
        opened(tab, tmp_path, document, f"#instance={last.stack_set}~{pair.account}~{pair.region}")
        said.append(tab.page.locator("#instance table").inner_text())

    assert "attempt 1, security-baseline-7: skipped: account is SUSPENDED" in said[0]
    assert "pending: to be tried again if the rollout is resumed" in said[1]
    assert "attempt 1, security-baseline-7: done" in said[2]
    assert ": done" not in said[0] + said[1]
    failed = tab.page.locator("#failures").inner_text()
    assert "Nothing failed." not in failed  # what is to be tried again has failed
    assert tab.page.locator("#failures .bad").count() == 0


def test_a_resource_is_told_whole_and_what_is_not_here_is_said(tab: Tab, tmp_path: Path) -> None:
    document = manifest_document(facts(40, 3, 1), NOW)
    arn = f"arn:aws:iam::100000000000:role/aws-service-role/{'a-long-path/' * 10}Recorder"
    finding = document["drift"]["findings"][0]
    finding["id"] = arn
    document["more_history"] = 7
    document["texts"]["stack_set"].append("of-an-older-rollout")
    place = [
        document["texts"]["stack_set"][finding["stack_set"]],
        document["accounts"]["id"][finding["account"]],
        document["texts"]["region"][finding["region"]],
    ]

    opened(tab, tmp_path, document, f"#instance={'~'.join(place)}")

    shown = tab.page.locator("#instance").inner_text()
    assert arn in shown
    assert "The history of 7 older findings did not fit on this page" in shown
    assert "of-an-older-rollout" not in tab.page.locator(".heat thead").inner_text()
    assert tab.page.locator("#set option[value='of-an-older-rollout']").count() == 0
    assert tab.complaints == []


def test_times_say_how_far_they_are_from_utc(chromium: Any, pages: dict[int, Path]) -> None:
    context = chromium.new_context(timezone_id="Asia/Kolkata")
    page = context.new_page()
    page.goto(pages[60].as_uri())

    assert page.locator("header time").inner_text() == "2026-03-01 17:30+05:30"
    context.close()
