"""What is not as deployed, for people: what has one cause is one line."""

from datetime import UTC, datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, StackSetName, UnitId
from orgrollout.organization.snapshot import Organization
from orgrollout.report.blocks import Line
from orgrollout.report.drift import Shown, drift_blocks

KEY = StackSetKey("logs")
NOBODY = Organization(
    id="o-a1b2c3d4e5",
    management_account=AccountId("9" * 12),
    root=UnitId("r-root"),
    units={},
    accounts={},
)
SHOWN = Shown(organization=NOBODY, now=datetime(2026, 1, 5, tzinfo=UTC))


def check(number: int, reason: str, *subjects: str) -> Finding:
    return Finding(
        stack_set=KEY,
        pair=Pair(AccountId(f"{number:012}"), Region("eu-west-1")),
        kind=FindingKind.POSTURE,
        what="vpc-flow-logs",
        verdict=Verdict.REAL,
        reason=reason,
        subjects=subjects,
    )


def shown(*findings: Finding) -> list[str]:
    look = StackSetLook(key=KEY, name=StackSetName("base-logs"))
    blocks = drift_blocks(Findings(stack_sets=(look,), findings=findings), SHOWN)
    return [block.text for block in blocks if isinstance(block, Line) and "real: " in block.text]


def test_the_same_check_is_one_line_whatever_each_account_calls_what_it_is_about() -> None:
    """A thousand accounts without flow logs are no thousand lines."""
    lines = shown(
        check(1, "no flow log for ALL in vpc-0a1", "vpc-0a1"),
        check(2, "no flow log for ALL in vpc-0b2", "vpc-0b2"),
        check(3, "no flow log for ALL in v1, v2, v3 and 2 more", "v1", "v2", "v3", "v4", "v5"),
    )

    assert lines == [
        "  real: vpc-flow-logs, 3 stack instances: e.g. no flow log for ALL in vpc-0a1"
    ]


def test_what_is_broken_for_another_reason_is_a_line_of_its_own() -> None:
    lines = shown(
        check(1, "no flow log for ALL in v1", "v1"),
        check(2, "no flow log for ALL in v1; fl-1: Access error", "v1"),
    )

    assert lines == [
        "  real: vpc-flow-logs, 1 stack instance: no flow log for ALL in v1",
        "  real: vpc-flow-logs, 1 stack instance: no flow log for ALL in v1; fl-1: Access error",
    ]
