"""Three thousand failures of four causes read as four lines."""

import re
from dataclasses import replace

import pytest

from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.plan.model.plan import Plan, PlannedOperation, PlannedWave
from orgrollout.report.layout.blocks import Line
from orgrollout.report.rollout.as_json import rollout_json
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.rollout.decide.operator_commands import begin
from orgrollout.rollout.failures.failure_groups import cause, group_failures
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, RolloutState
from orgrollout.rollout.state.view import RolloutView
from tests.rollout.decide.test_decide import DIGEST, FIRST, NOW, a_plan

ACCOUNTS = tuple(AccountId(f"{number:012d}") for number in range(1000))
REGIONS = (Region("us-east-1"), Region("eu-west-1"), Region("ap-northeast-1"))
LATER = tuple(AccountId(f"{number:012d}") for number in range(1000, 1100))
TEXTS = (
    (
        FailureClass.POLICY,
        "User: arn:aws:sts::{account}:assumed-role/stacksets-exec-{hex}/{uuid} is not authorized "
        "to perform: iam:CreateRole on resource: arn:aws:iam::{account}:role/x in {region} with "
        "an explicit deny in a service control policy",
    ),
    (
        FailureClass.PERMANENT,
        "ResourceLogicalId:Bucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:"
        "logs-{account}-{region} already exists. (Request ID: {uuid})",
    ),
    (
        FailureClass.CONFIGURATION,
        "STS is not activated in this region for account:{account}. Your account administrator "
        "can activate STS in this region using the IAM Console.",
    ),
    (
        FailureClass.PERMANENT,
        "Stack:arn:aws:cloudformation:{region}:{account}:stack/StackSet-x-{uuid}/{uuid} is in "
        "ROLLBACK_COMPLETE state and can not be updated.",
    ),
)


def a_large_plan() -> Plan:
    plan = a_plan()
    operation: PlannedOperation = replace(plan.operations[0], accounts=ACCOUNTS, regions=REGIONS)
    return replace(
        plan,
        operations=(operation,),
        waves=(
            PlannedWave(index=1, name="now", accounts=ACCOUNTS, allowed_failures=0),
            PlannedWave(index=2, name="later", accounts=LATER, allowed_failures=0),
        ),
        units={"/A": (*ACCOUNTS[:600], *LATER[:61]), "/B": (*ACCOUNTS[600:], *LATER[61:])},
    )


def failures() -> list[Failure]:
    pairs = [Pair(account, region) for account in ACCOUNTS for region in REGIONS]
    found = []
    for number, pair in enumerate(pairs):
        kind, text = TEXTS[number % len(TEXTS)]
        names = {
            "account": pair.account,
            "region": pair.region,
            "hex": f"{number:032x}",
            "uuid": f"{number:08x}-0000-4000-8000-{number:012x}",
        }
        reason = text.format(**names)
        found.append(
            Failure(planned=0, pair=pair, kind=kind, reason=reason, attempts=1, final=True)
        )
    return found


def a_state(plan: Plan) -> RolloutState:
    return replace(begin(plan, DIGEST, FIRST, NOW), failures=tuple(failures()))


def test_three_thousand_failures_of_four_causes_are_four_groups() -> None:
    plan = a_large_plan()
    state = a_state(plan)

    groups = group_failures(RolloutView(plan, state), state.failures)

    assert len(state.failures) == 3000
    assert [g.instances for g in groups] == [750] * 4
    assert all(group.advice for group in groups)
    assert {group.stack_sets for group in groups} == {(StackSetKey("k"),)}


def test_they_read_as_four_lines_with_what_to_do() -> None:
    plan = a_large_plan()
    lines = [b.text for b in rollout_blocks(plan, a_state(plan), NOW) if isinstance(b, Line)]

    assert sum("750 instances" in line for line in lines) == 4
    assert sum(line.strip().startswith("-> ") for line in lines) == 4


def test_a_group_says_where_and_who_is_to_come_there() -> None:
    plan = a_large_plan()
    state = a_state(plan)
    (only_a,) = group_failures(
        RolloutView(plan, state), [f for f in state.failures if f.pair == _first()]
    )

    assert only_a.units == {"/A": 1}
    assert only_a.later == 61
    everywhere = group_failures(RolloutView(plan, state), state.failures)[0]
    assert list(everywhere.units) == ["/A", "/B"]
    assert everywhere.later == 100


def test_root_causes_come_before_what_they_cancelled() -> None:
    plan = a_large_plan()
    cancelled = [
        replace(f, kind=FailureClass.CANCELLED, reason="Cancelled since failure tolerance ...")
        for f in failures()[1:900]
    ]

    first, second = group_failures(RolloutView(plan, a_state(plan)), [*cancelled, failures()[0]])

    assert (first.kind, first.instances, first.is_root_cause) == (FailureClass.POLICY, 1, True)
    assert (second.kind, second.instances, second.is_root_cause) == (
        FailureClass.CANCELLED,
        899,
        False,
    )


def test_what_differs_stays_apart() -> None:
    """Only what names a place is taken out of a reason."""
    assert cause("Topic already exists") != cause("Queue already exists")
    assert cause("in 111122223333") == cause("in 444455556666") == "in *"


def _first() -> Pair:
    return Pair(ACCOUNTS[0], REGIONS[0])


NAMES = {account: f"team-{number:04d}" for number, account in enumerate(ACCOUNTS)}
SAME = (
    "logs-{name}-{region} already exists in {region}",
    "bucket 'logs{account}' of {name}@example.com is not yours (Extended Request ID: {hex}/+=)",
    "vpc-{short} of {account} has dependencies (SDK Attempt Count: {n})",
    "no access to arn:aws:logs:{region}:{account}:log-group:/x/{name} for arn:aws:iam::{account}:r",
)


@pytest.mark.parametrize("text", SAME)
def test_ids_names_and_arns_inside_a_reason_are_one(text: str) -> None:
    plan = replace(a_large_plan(), names=NAMES)
    pairs = [Pair(account, REGIONS[0]) for account in ACCOUNTS[:200]]
    found = [
        Failure(
            planned=0,
            pair=pair,
            kind=FailureClass.PERMANENT,
            reason=text.format(
                name=NAMES[pair.account],
                account=pair.account,
                region=pair.region,
                hex=f"{n:032x}",
                short=f"{n:08x}",
                n=n,
            ),
            attempts=1,
            final=True,
        )
        for n, pair in enumerate(pairs)
    ]

    (group,) = group_failures(RolloutView(plan, a_state(plan)), found)

    assert (group.instances, group.accounts) == (200, 200)
    assert "team-0" not in group.reason


def test_what_differs_in_more_than_the_place_stays_apart() -> None:
    for one, other in (
        ("Topic already exists", "Queue already exists"),
        ("iam:CreateRole denied", "iam:CreateUser denied"),
        ("no quota for failed", "no quota for team"),
    ):
        assert cause(one, "failed") != cause(other, "team")


@pytest.mark.slow
def test_a_failure_of_many_accounts_names_them() -> None:
    plan = replace(a_large_plan(), names=NAMES)
    state = a_state(plan)
    lines = [b.text for b in rollout_blocks(plan, state, NOW) if isinstance(b, Line)]

    named = [line for line in lines if line.startswith("    accounts: ")]
    assert len(named) == 4
    assert all(re.search(r"team-\d{4} \d{12}, .* and [\d,]+ more", line) for line in named)
    assert any(f"e.g. team-0000 {ACCOUNTS[0]} us-east-1 k" in line for line in lines)
    (first, *_) = rollout_json(plan, state, NOW)["failures"]
    assert first["account_name"] == NAMES[first["account"]]
