"""What is covered elsewhere: in text, JSON and CSV; unknown where it was not counted."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, UnitId
from orgrollout.organization.snapshot import Organization
from orgrollout.posture.flow_log_counts import FlowLogCounts
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.report.coverage import (
    COLUMNS,
    About,
    coverage_blocks,
    coverage_cells,
    coverage_json,
)
from orgrollout.report.layout.blocks import Line
from orgrollout.rollout.coverage import CoverageRow, CoverageState
from tests.paths import DOCS

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ABOUT = About(manifest="baseline", made=NOW, narrowed=False)
EMPTY = Organization(
    id="o-a1b2c3d4e5",
    management_account=AccountId("9" * 12),
    root=UnitId("r-root"),
    units={},
    accounts={},
)


def row(number: int, counts: FlowLogCounts | None = None, *, counting: bool = True) -> CoverageRow:
    return CoverageRow(
        stack_set=StackSetKey("flowlogs"),
        pair=Pair(AccountId(f"{number:012}"), Region("eu-west-1")),
        state=CoverageState.CURRENT,
        posture=PostureSeen(state=PostureState.OK, counts=counts),
        counts_flow_logs=counting,
    )


SOME = FlowLogCounts(vpcs=3, elsewhere=2)
ROWS = (row(1, SOME), row(2, FlowLogCounts(vpcs=2)), row(3))


def text(*rows: CoverageRow) -> str:
    return str(list(coverage_blocks(rows, EMPTY, NOW, detect="look here")))


def ledger(*rows: CoverageRow) -> Any:
    return coverage_json(rows, rows, EMPTY, ABOUT)


def test_text_has_the_sum_and_where_it_was_not_counted() -> None:
    rows = [replace(each, stack_set=StackSetKey("flowlogs-remediation")) for each in ROWS]
    detect = "orgrollout drift baseline.yaml --detect"
    blocks = coverage_blocks(rows, EMPTY, NOW, detect=detect)
    (line,) = [b.text for b in blocks if isinstance(b, Line) and "elsewhere" in b.text]
    assert f"    {line}\n" in (DOCS / "coverage.md").read_text()

    told = text(*ROWS)
    assert "flow logs: flowlogs: 2 of 5 VPCs are covered elsewhere only; not counted in" in told
    assert "not counted in 1 account and Region. To have them counted: `look here`" in told
    assert "0 of 2 VPCs are covered elsewhere only'" in text(ROWS[1])


def test_nothing_counted_is_unknown_and_not_zero() -> None:
    assert "flow logs: flowlogs: how many VPCs are covered elsewhere is unknown" in text(ROWS[2])
    (summary,) = ledger(ROWS[2])["flow_logs"]
    assert summary == {
        "stack_set": "flowlogs",
        "vpcs": None,
        "covered_elsewhere": None,
        "counted": 0,
        "not_counted": 1,
    }


def test_json_and_csv_have_the_numbers_of_each_pair() -> None:
    found = ledger(*ROWS, row(4, counting=False))
    assert [each["flow_logs"] for each in found["instances"]] == [
        {"vpcs": 3, "covered_elsewhere": 2},
        {"vpcs": 2, "covered_elsewhere": 0},
        {"vpcs": None, "covered_elsewhere": None},
        None,
    ]
    assert found["flow_logs"][0]["covered_elsewhere"] == 2
    cells = [cell[-2:] for cell in coverage_cells((*ROWS, row(4, counting=False)), EMPTY)]
    assert COLUMNS[-2:] == ("vpcs", "covered_elsewhere")
    assert cells == [("3", "2"), ("2", "0"), ("unknown", "unknown"), ("", "")]


def test_nothing_is_said_where_no_check_counts() -> None:
    assert "flow logs" not in text(row(4, counting=False))
    assert ledger(row(4, counting=False))["flow_logs"] == []
