"""The ledger's posture column: ok, broken with the reason, unknown; and how old that is."""

from datetime import UTC, datetime, timedelta

from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, UnitId
from orgrollout.organization.snapshot import Organization
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.report.coverage import About, coverage_blocks, coverage_json, posture_words
from orgrollout.rollout.coverage import CoverageRow, CoverageState

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ABOUT = About(manifest="baseline", made=NOW, narrowed=False)
EMPTY = Organization(
    id="o-a1b2c3d4e5",
    management_account=AccountId("9" * 12),
    root=UnitId("r-root"),
    units={},
    accounts={},
)


def row(number: int, state: PostureState | None, reason: str = "", hours: int = 0) -> CoverageRow:
    return CoverageRow(
        stack_set=StackSetKey("config"),
        pair=Pair(AccountId(f"{number:012}"), Region("eu-west-1")),
        state=CoverageState.CURRENT,
        posture=PostureSeen(state=state, reason=reason) if state else None,
        looked=NOW - timedelta(hours=hours) if hours else None,
    )


ROWS = (
    row(1, PostureState.OK, hours=1),
    row(2, PostureState.BROKEN, "config-recorder: the recorder r is stopped", hours=3),
    row(3, PostureState.UNKNOWN, "nobody has looked"),
    row(4, None),
)


def test_each_pair_says_how_it_stands_and_since_when_that_is_known() -> None:
    found = list(coverage_json(ROWS, ROWS, EMPTY, ABOUT)["instances"])
    assert [each["posture"] for each in found] == [
        "ok",
        "broken: config-recorder: the recorder r is stopped",
        "unknown: nobody has looked",
        None,
    ]
    assert found[1]["posture_since"] == (NOW - timedelta(hours=3)).isoformat()
    assert found[2]["posture_since"] is None


def test_text_counts_them_and_names_what_is_broken() -> None:
    text = str(list(coverage_blocks(ROWS, EMPTY, NOW)))
    assert "posture: 1 ok, 1 broken, 1 unknown; looked at 3h 00m ago at the earliest" in text
    assert "the recorder r is stopped" in text


def test_without_checks_nothing_is_said_of_posture() -> None:
    assert "posture" not in str(list(coverage_blocks(ROWS[3:], EMPTY, NOW)))
    assert "never looked at" in str(list(coverage_blocks(ROWS[2:3], EMPTY, NOW)))
    assert posture_words(None) is None
