"""What is not as deployed, for people: what has one cause is one line."""

from dataclasses import replace
from datetime import UTC, datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, StackSetName, UnitId
from orgrollout.organization.snapshot import Organization
from orgrollout.report.drift.as_text import Shown, drift_blocks
from orgrollout.report.layout.blocks import Line

KEY = StackSetKey("logs")
EMPTY = Organization(
    id="o-a1b2c3d4e5",
    management_account=AccountId("9" * 12),
    root=UnitId("r-root"),
    units={},
    accounts={},
)
SHOWN = Shown(organization=EMPTY, now=datetime(2026, 1, 5, tzinfo=UTC))


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


def blind(*kinds: FindingKind, told: bool) -> Findings:
    """Return findings of one stack set with checks, of which nothing bad is known."""
    pair = Pair(AccountId("1" * 12), Region("us-east-1"))
    look = StackSetLook(
        key=KEY,
        name=StackSetName("base-logs"),
        meant=frozenset({pair}),
        told=frozenset({pair} if told else ()),
    )
    checks = {KEY: frozenset({"config-recorder", "config-rule", "vpc-flow-logs"})}
    return Findings(stack_sets=(look,), kinds=frozenset(kinds), checks=checks)


def last_lines(found: Findings, shown: Shown = SHOWN) -> str:
    texts = [block.text for block in drift_blocks(found, shown) if isinstance(block, Line)]
    return "\n".join(texts[1:])


def test_a_verdict_says_what_it_does_not_rest_on_and_how_to_have_that_looked_at() -> None:
    """`No real finding.` was said of recorders, rules and flow logs that were never looked at."""
    looked = {FindingKind.RESOURCE, FindingKind.INSTANCE}
    checks = "posture of 1 stack set (recorders, rules and flow logs)"

    nothing = blind(*looked, told=False)
    assert last_lines(nothing) == (
        "Nothing was looked at, so nothing is known; drift of 1 stack instance unknown.\n"
        f"Not checked: drift of 1 stack instance and {checks}. "
        "To have it checked: `orgrollout drift --detect`"
    )
    assert nothing.is_blind_to_drift
    assert nothing.is_blind_to_posture

    without_role = replace(SHOWN, has_role=False)
    assert last_lines(blind(*looked, told=True), without_role) == (
        "No real finding in what was looked at.\n"
        f"Not checked: {checks}. To have it checked: name a role to look with in the manifest, "
        "`drift: {probe_role: ...}`, then run `orgrollout drift --detect`"
    )

    everything = blind(*looked, FindingKind.POSTURE, told=True)
    assert last_lines(everything) == "No real finding."
    assert not everything.is_blind_to_drift
    assert not everything.is_blind_to_posture
