"""Faults have ids, are listed, and are taken back: in Python and over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orgrollout.sandbox import (
    Sandbox,
    SandboxError,
    SandboxServer,
    ScaledClock,
    VirtualClock,
    serve,
)
from orgrollout.sandbox.faults.entries import KINDS
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    cloudformation,
    code_of,
    deploy,
    log_groups,
    service_managed,
    unit,
)

ONE = ACCOUNTS[0]
PLACE = {"account": "w0", "region": HOME}
RESOURCE = {**PLACE, "stack_set": "base", "logical_id": "Group"}
LATER = {"after": 3600}
ENTRIES: dict[str, dict[str, Any]] = {
    "tamper": {**RESOURCE, "path": "/RetentionInDays", "value": 7, **LATER},
    "delete_resource": {**RESOURCE, **LATER},
    "remove_tag": {**RESOURCE, "key": "k", **LATER},
    "widen_policy": {**RESOURCE, **LATER},
    "stop_recorder": {**PLACE, **LATER},
    "delete_rule": {**PLACE, "name": "r", **LATER},
    "busy_trail": {**PLACE, "source": "sns.amazonaws.com", "count": 2, **LATER},
    "hide": {**PLACE, "resource_type": "AWS::Logs::LogGroup", "name": "RetentionInDays"},
    "gate": PLACE,
    "disable_region": PLACE,
    "break_delivery": PLACE,
    "move": {"account": "w0", "to": "Security"},
    "suspend": {"account": "w0"},
    "close": {"account": "w0"},
    "leave": {"account": "w0"},
    "add_account": {"name": "new"},
    "give_role": {"name": "Repairs"},
    "delay": {"seconds": 5},
    "slow": {"seconds": 5},
}
NEEDS_RECORDS = {"drifted"}


def state_of(sandbox: Sandbox) -> Any:
    """Return all that faults change, so that before and after can be compared."""
    simulation, own = sandbox.simulation, sandbox.organization
    return (
        {a.id: (a.state, a.parent_id) for a in own.accounts.values()},
        [
            len(v)
            for v in (simulation.faults.instances, simulation.faults.calls, simulation.faults.rates)
        ],
        [len(v) for v in (simulation.faults.change_sets, simulation.faults.remediations)],
        len(simulation.recorder.trail.faults),
        dict(simulation.gates),
        dict(simulation.broken_deliveries),
        set(simulation.obstacles.disabled),
        dict(simulation.roles.given),
        {k: dict(v) for k, v in simulation.deployer.hidden_from_sets.items() if v},
        {k: list(v) for k, v in simulation.made_again.items() if v},
        dict(own.delegates),
    )


@pytest.mark.parametrize("kind", sorted(set(KINDS) - NEEDS_RECORDS))
def test_every_kind_is_listed_and_can_be_taken_back(kind: str) -> None:
    with serve(ORGANIZATION, clock=VirtualClock()) as server:
        remote, sandbox = server.client(), server.sandbox
        before = state_of(sandbox)
        entry = ENTRIES.get(kind, {})
        identifier = remote.add_fault({kind: entry})
        (listed,) = remote.faults()
        assert (listed["id"], listed["kind"], listed["active"]) == (identifier, kind, True)
        assert listed["arguments"].keys() == set(entry)
        remote.take_back(identifier)
        assert remote.faults() == []
        assert state_of(sandbox) == before


def test_a_failure_that_is_taken_back_does_not_happen(sandbox: Sandbox) -> None:
    client = cloudformation(sandbox)
    service_managed(client)
    taken = sandbox.fail(ONE, reason="first")
    sandbox.fail(ACCOUNTS[1], reason="second")
    sandbox.take_back(taken)
    assert deploy(sandbox, client).failed == {(ACCOUNTS[1], HOME)}
    (used,) = sandbox.book.listed()
    assert (used["kind"], used["active"]) == ("fail", False)


def test_a_change_by_hand_is_called_off_and_is_not_repeated(sandbox: Sandbox) -> None:
    client = cloudformation(sandbox)
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    change = ("w0", HOME, "base", "Group", "/RetentionInDays", 7)
    later = sandbox.tamper(*change, after=timedelta(hours=1))
    sandbox.take_back(later)
    sandbox.clock.sleep(timedelta(hours=2))
    sandbox.settle()
    assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 30}

    done = sandbox.tamper(*change, again=timedelta(minutes=5))
    assert sandbox.book.listed()[0]["active"]
    sandbox.take_back(done)
    assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 7}, "what has happened stays"
    assert not any(sandbox.simulation.made_again.values())


def test_an_account_that_left_returns_to_its_unit(sandbox: Sandbox) -> None:
    organizations = sandbox.session().client("organizations")
    gone = sandbox.leave("audit")
    assert code_of(organizations.describe_account, AccountId="222222222222")[1] == 400
    sandbox.take_back(gone)
    assert organizations.list_parents(ChildId="222222222222")["Parents"][0]["Id"] == unit(
        sandbox, "Security"
    )
    assert "222222222222" in sandbox.organization.delegates


def test_a_fault_that_is_refused_is_not_listed(sandbox: Sandbox) -> None:
    with pytest.raises(KeyError, match="absent"):
        sandbox.suspend("absent")
    assert sandbox.book.listed() == []
    with pytest.raises(SandboxError, match="no fault"):
        sandbox.take_back("fault-1")


@pytest.fixture
def fast() -> Iterator[SandboxServer]:
    """One whose clock makes an hour of 40 ms."""
    with serve(ORGANIZATION, clock=ScaledClock(90_000)) as started:
        yield started


def test_sessions_last_by_real_time(fast: SandboxServer) -> None:
    """At speed 600 an hour was 6 s, and every tool met ExpiredToken."""
    made = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")
    sts = made.client("sts", HOME, endpoint_url=fast.endpoint)
    role = f"arn:aws:iam::{ONE}:role/OrganizationAccountAccessRole"
    answer = sts.assume_role(RoleArn=role, RoleSessionName="me", DurationSeconds=900)["Credentials"]
    begun = fast.sandbox.clock.now()
    while fast.sandbox.clock.now() - begun < timedelta(hours=2):
        continue
    from datetime import UTC, datetime  # noqa: PLC0415

    left = answer["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15), "by the clock of the tools"
    member: Any = boto3.Session(
        answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
    )
    inside = member.client("sts", HOME, endpoint_url=fast.endpoint)
    assert inside.get_caller_identity()["Account"] == ONE

    taken = fast.sandbox.expire_credentials("w0")
    with pytest.raises(ClientError, match="ExpiredToken"):
        inside.get_caller_identity()
    fast.sandbox.take_back(taken)
    assert inside.get_caller_identity()["Account"] == ONE
