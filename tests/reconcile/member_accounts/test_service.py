"""Member accounts are entered by one service; each place has an answer of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import InvalidCredentialsError, PassingError
from orgrollout.model.ids import Pair
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.member_accounts.service import (
    NO_ROLE,
    Answer,
    Answered,
    Denied,
    MemberAccounts,
    Unreachable,
    raise_outage,
)
from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.faults.rules import CallFault
from tests.resyncing import ROLE
from tests.stage import DEV, EU, PROD, US, Stage, organization

PAIRS = [Pair(account, region) for account in (*PROD[:2], DEV[0]) for region in (EU, US)]
GONE = Pair(DEV[0], US)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        yield Stage(sandbox, tmp_path)


def members(stage: Stage, role: str | None = ROLE, at_once: int = 4) -> MemberAccounts:
    made = MemberRole(role=role) if role else None
    return MemberAccounts(stage.context().connection, made, at_once=at_once)


def who(connection: Connection, _: Pair) -> str:
    return str(connection.call("sts", "GetCallerIdentity")["Account"])


def asked(accounts: MemberAccounts, pairs: list[Pair]) -> dict[Pair, Answer[str]]:
    return dict(accounts.map(pairs, who, pair_of=lambda pair: pair))


def fail(stage: Stage, fault: CallFault) -> None:
    stage.sandbox.simulation.faults.calls.append(fault)


def entries(stage: Stage) -> int:
    """Return how often a role was assumed."""
    return len([call for call in stage.sandbox.calls if call.operation == "AssumeRole"])


@pytest.mark.parametrize("at_once", [1, 4])
def test_each_place_is_answered_separately_in_the_order_requested(
    stage: Stage, at_once: int
) -> None:
    found = asked(members(stage, at_once=at_once), PAIRS)
    assert list(found.items()) == [(pair, Answered(pair.account)) for pair in PAIRS]
    assert entries(stage) == len({pair.account for pair in PAIRS})


def test_an_account_that_denies_the_role_is_denied_and_tried_once(stage: Stage) -> None:
    """Its other Regions would be refused in the same way."""
    found = asked(members(stage, "Missing"), PAIRS)
    assert all(isinstance(answer, Denied) and answer.at_entry for answer in found.values())
    assert entries(stage) == len({pair.account for pair in PAIRS})


def test_a_refused_call_is_denied_after_the_role_was_assumed(stage: Stage) -> None:
    def refused(connection: Connection, _: Pair) -> object:
        return connection.call("iam", "GetRole", {"RoleName": "missing"})

    ((_, answer),) = members(stage).map([GONE], refused, pair_of=lambda pair: pair)
    assert isinstance(answer, Denied)
    assert not answer.at_entry
    assert "GetRole" in answer.reason


def test_an_outage_of_one_account_makes_only_it_unreachable(stage: Stage) -> None:
    fail(stage, CallFault(kind="server_error", account=GONE.account, times=None))
    found = asked(members(stage), PAIRS)
    assert {p.account for p, a in found.items() if isinstance(a, Unreachable)} == {GONE.account}
    raise_outage(list(found.values()))

    only = asked(members(stage), [GONE])
    with pytest.raises(PassingError):
        raise_outage(list(only.values()))


def test_an_empty_list_of_places_is_no_outage() -> None:
    raise_outage([])


def test_only_the_callers_own_account_answers_without_a_role(stage: Stage) -> None:
    identity = stage.context().connection.identity
    home = Pair(identity.account, US)
    found = asked(members(stage, role=None), [home, GONE])
    assert found == {home: Answered(home.account), GONE: Denied(NO_ROLE)}
    assert entries(stage) == 0


def test_the_callers_own_expired_credentials_end_everything(stage: Stage) -> None:
    """They are no matter of one account: every other would be reported as closed, too."""
    fault = CallFault(kind="expired_credentials", operation="AssumeRole", times=None)
    fail(stage, fault)
    with pytest.raises(InvalidCredentialsError):
        asked(members(stage), PAIRS)


def test_a_guard_prevents_every_request_including_the_assumed_role(stage: Stage) -> None:
    """A process whose lease is lost must not change anything any more."""

    class LostError(Exception):
        """The lease is lost."""

    def guard() -> None:
        raise LostError

    connection = stage.context().connection
    accounts = MemberAccounts(
        connection, MemberRole(role=ROLE), at_once=4, read_only=False, guard=guard
    )
    with pytest.raises(LostError):
        asked(accounts, PAIRS)
    assert not stage.sandbox.calls
