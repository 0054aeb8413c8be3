"""The policies that are printed and documented are the calls that are made, no more and no less."""

import ast
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

import orgrollout.aws
from orgrollout.aws.permissions import (
    MEMBER_WRITES,
    TELLS,
    WRITES,
    Scope,
    auditor_policy,
    operator_policy,
    planner_policy,
    probe_policy,
    read_actions,
)
from orgrollout.aws.transport.reads import READS
from orgrollout.posture.registry import reads, repairs

NOT_CALLS = {
    "permissions.py",
    "transport/reads.py",
    "transport/rate_limits.py",
    "transport/error_mapping.py",
}
MODEL = botocore.session.Session()
POSTURE = {call.operation for call in (*reads(), *repairs())}
KINDS = (READS, WRITES, MEMBER_WRITES, TELLS)
SERVICES = sorted({service for kind in KINDS for service in kind} - {"s3"})
OPERATIONS = {name: set(MODEL.get_service_model(name).operation_names) for name in SERVICES}


def called() -> Iterator[str]:
    """Yield every name of an operation in the code that calls AWS."""
    room = Path(orgrollout.aws.__file__).parent
    for path in sorted(room.rglob("*.py")):
        if path.relative_to(room).as_posix() not in NOT_CALLS:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_policies_allow_exactly_the_calls_of_the_code() -> None:
    """A permission that nothing uses is one too many; a call without one fails on the first day."""
    names = set(called()) | POSTURE
    listed = {s: frozenset[str]().union(*(kind.get(s, ()) for kind in KINDS)) for s in SERVICES}

    for service, allowed in listed.items():
        assert allowed <= names, f"{service}: allowed, and never called: {allowed - names}"
    everything = frozenset[str]().union(*listed.values())
    for service, operations in OPERATIONS.items():
        unlisted = (operations & names) - everything
        assert not unlisted, f"{service}: called, and not allowed: {unlisted}"


def test_only_the_operators_policy_allows_changes() -> None:
    written = {f"{service}:{name}" for service, names in WRITES.items() for name in names}
    for policy in (planner_policy(Scope()), auditor_policy(Scope()), probe_policy()):
        assert actions(policy) <= read_actions()
    assert written <= actions(operator_policy(Scope()))
    assert actions(planner_policy(Scope())) <= actions(operator_policy(Scope()))


def test_a_policy_is_narrowed_to_what_the_manifest_uses() -> None:
    scope = Scope(
        administration_roles=("arn:aws:iam::1:role/Admin",),
        journal_bucket="b",
        template_bucket="s3://t/some/where/",
        probe_role="Probe",
        member_roles=("Probe", "Resync"),
        told=(
            "arn:aws:sns:us-east-1:1:t",
            "arn:aws:events:us-east-1:1:event-bus/b",
            "arn:aws:secretsmanager:us-east-1:1:secret:s",
        ),
        stack_sets=("base-topics", "roles"),
        home_region="us-east-1",
    )
    found = {s["Sid"]: s["Resource"] for s in operator_policy(scope)["Statement"]}

    assert found["RollOut"] == [
        "arn:aws:cloudformation:us-east-1:*:stackset/base-topics:*",
        "arn:aws:cloudformation:us-east-1:*:stackset/roles:*",
        "arn:aws:cloudformation:*:*:stackset-target/base-topics:*",
        "arn:aws:cloudformation:*:*:stackset-target/roles:*",
        "arn:aws:cloudformation:*:*:type/resource/*",
    ]
    assert found["LookInMemberAccounts"] == ["arn:aws:iam::*:role/Probe"]
    assert found["KeepJournal"] == ["arn:aws:s3:::b/*"]
    assert found["FindTemplates"] == ["arn:aws:s3:::t"]
    assert found["KeepTemplates"] == ["arn:aws:s3:::t/some/where/*"]
    assert found["RepairInMemberAccounts"] == [
        "arn:aws:iam::*:role/Probe",
        "arn:aws:iam::*:role/Resync",
    ]
    assert found["NotifySns"] == ["arn:aws:sns:us-east-1:1:t"]
    assert found["NotifyEvents"] == ["arn:aws:events:us-east-1:1:event-bus/b"]
    assert found["NotifySecretsmanager"] == ["arn:aws:secretsmanager:us-east-1:1:secret:s"]
    without = {s["Sid"] for s in operator_policy(Scope())["Statement"]}
    assert not any(sid.startswith("Notify") for sid in without)
    assert found["HandOverRoles"] == ["arn:aws:iam::1:role/Admin"]
    planner = {s["Sid"] for s in planner_policy(scope)["Statement"]}
    assert planner == {
        "Read",
        "LookInMemberAccounts",
        "FindTemplates",
        "FindJournal",
        "KeepJournal",
    }
    assert "sts:AssumeRole" not in actions(planner_policy(Scope()))


def test_repair_calls_are_sent_in_member_accounts_only() -> None:
    writes = {f"{service}:{name}" for service, names in MEMBER_WRITES.items() for name in names}
    assert {c for c in writes if not c.startswith("cloudformation:")} == {c.api for c in repairs()}
    assert writes.isdisjoint(actions(operator_policy(Scope())))
    assert writes.isdisjoint(actions(probe_policy()))


@pytest.mark.parametrize("name", sorted(read_actions()))
def test_every_action_exists_in_aws(name: str) -> None:
    service, _, operation = name.partition(":")
    assert operation in OPERATIONS[service]


def actions(policy: dict[str, object]) -> set[str]:
    statements = policy["Statement"]
    assert isinstance(statements, list)
    return {action for statement in statements for action in statement["Action"]}
