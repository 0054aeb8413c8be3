"""`plan --look`: how many flow logs the runbooks of a plan would make, before any is made."""

from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair
from tests.cli.support import Program, Ran
from tests.paths import DOCS
from tests.stage import BASE, DEV, EU, PROD, US

ROLE = "OrganizationAccountAccessRole"
PARAMETERS = {"OtherFlowLogs": "count", "Remediation": "automatic"}
MANIFEST: dict[str, Any] = {
    **BASE,
    "targets": {"organizational_units": ["/Dev"]},
    "accounts": {"audit": PROD[0]},
    "stack_sets": {
        "log-buckets": {
            "template": "builtin:log-buckets",
            "targets": {"accounts": ["audit"]},
            "parameters": {"OrganizationId": BASE["organization"]},
        },
        "account-roles": {"template": "builtin:account-roles"},
        "config-regional": {"template": "builtin:config-regional"},
        "flowlogs-remediation": {
            "template": "builtin:flowlogs-remediation",
            "parameters": {"LogArchiveAccountId": PROD[0], **PARAMETERS},
            "parameter_overrides": [
                {"targets": {"accounts": [DEV[1]]}, "parameters": {"Remediation": "manual"}}
            ],
        },
    },
    "rollout": {"waves": [{"name": "canary", "accounts": [DEV[0]]}]},
    "drift": {"probe_role": ROLE},
}


@pytest.fixture
def untidy(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """One account and Region has a flow log of another team, one has an old one of ours."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("AWS_ENDPOINT_URL", program.server.endpoint)
    log_vpcs(program, Pair(DEV[0], EU), "of-another-team")
    log_vpcs(program, Pair(DEV[1], EU), "where-ours-went", ours=True)
    return program


def log_vpcs(program: Program, pair: Pair, bucket: str, *, ours: bool = False) -> None:
    session = program.sandbox.session(pair.account, pair.region)
    ec2, s3 = session.client("ec2"), session.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    made = ec2.create_flow_logs(
        ResourceIds=[each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{bucket}",
    )
    if ours:
        tag: Any = {"Key": "orgrollout:name-prefix", "Value": "orgrollout"}
        ec2.create_tags(Resources=made["FlowLogIds"], Tags=[tag])


def look(program: Program, *more: str, **changes: Any) -> Ran:
    return program("plan", program.manifest(**{**MANIFEST, **changes}), "--look", *more)


def told(ran: Ran) -> list[str]:
    """Return what is said of flow logs, and nothing else of the plan."""
    lines = ran.out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("flow logs:"))
    return lines[start:]


def test_it_counts_by_two_reads_for_each_account_and_region(untidy: Program) -> None:
    untidy.sandbox.calls.clear()
    ran = look(untidy, "--format", "json")

    assert ran.code == 0, ran.err
    found = ran.json["flow_logs"]
    assert {key: found[key] for key in ("vpcs", "would_create", "would_replace", "counted")} == {
        "vpcs": 4,
        "would_create": 2,
        "would_replace": 1,
        "counted": 4,
    }
    assert (found["covered_elsewhere"], found["unknown"]) == (2, [])
    rings = [(r["name"], r["remediation"], r["would_create"]) for r in found["waves"]]
    assert rings == [("canary", "automatic", 1), ("rest", "manual", 1)]
    asked = [c.operation for c in untidy.sandbox.calls if c.service == "ec2"]
    assert sorted(asked) == ["DescribeFlowLogs"] * 4 + ["DescribeVpcs"] * 4
    assert "about 8 calls" in ran.err
    assert untidy.writes() == [op for op in untidy.writes() if op == "AssumeRole"]


def test_the_text_is_that_of_the_page(untidy: Program) -> None:
    page = (DOCS / "baseline.md").read_text(encoding="utf-8")
    lines = told(look(untidy))

    assert len(lines) == 5
    assert "".join(f"    {line}\n" for line in lines) in page


@pytest.mark.slow
def test_an_account_that_cannot_be_entered_is_unknown_and_in_no_sum(untidy: Program) -> None:
    untidy.sandbox.session(DEV[1], US).client("iam").delete_role(RoleName=ROLE)

    ran = look(untidy, "--format", "json")
    text = "\n".join(told(look(untidy)))

    found = ran.json["flow_logs"]
    assert (found["vpcs"], found["would_create"], found["would_replace"]) == (2, 1, 0)
    assert [(u["account"], u["region"]) for u in found["unknown"]] == [
        (DEV[1], EU),
        (DEV[1], US),
    ]
    assert all("AssumeRole" in each["reason"] for each in found["unknown"])
    assert "rest: flowlogs-remediation: unknown in 2 accounts and Regions" in text
    assert f"not counted: 2 accounts and Regions, such as {DEV[1]} {EU}: " in text


@pytest.mark.slow
def test_without_a_role_nothing_is_counted_and_the_way_out_is_named(untidy: Program) -> None:
    text = "\n".join(told(look(untidy, drift={})))
    assert "would create" not in text
    assert "the manifest names no role to look with: `drift: {probe_role: ...}`" in text


def test_a_plan_without_such_runbooks_enters_no_account(program: Program) -> None:
    ran = program("plan", program.manifest(), "--look")
    assert told(ran) == [
        "flow logs: no stack of this plan makes any; no account was looked at",
    ]
    assert program("plan", program.manifest(), "--format", "json").json["flow_logs"] is None
    assert not [c for c in program.sandbox.calls if c.operation == "AssumeRole"]


def test_a_saved_plan_is_not_looked_at(program: Program) -> None:
    saved = program.folder / "a.plan"
    program("plan", program.manifest(), "--out", saved)
    ran = program("plan", "show", saved, "--look")
    assert ran.code == 2
    assert "--look asks AWS, and `plan show` does not" in ran.err
    assert Path(saved).exists()
