"""How far operations have come: an estimate only where something is left."""

from datetime import UTC, datetime, timedelta

import pytest

from orgrollout.report.rollout import under_way
from orgrollout.rollout.state.counted import Counted

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("done", "failed", "said"),
    [
        (14, 0, "14/14 done"),
        (13, 1, "13/14 done, 1 failed"),
        (7, 0, "7/14 done, 7 a minute, about 1m 00s left"),
    ],
)
def test_no_rate_and_no_time_left_where_all_is_done(done: int, failed: int, said: str) -> None:
    began = NOW - timedelta(minutes=1)
    known = [Counted(done=done, failed=failed, total=14, at=NOW, began=began)]

    assert under_way.how_far(known, 14, NOW) == said
