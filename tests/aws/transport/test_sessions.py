"""Sessions in other accounts: assumed once, shared, fresh, no stronger than their connection."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.errors import AccessDeniedError, InvalidCredentialsError, ReadOnlyError
from orgrollout.model.ids import AccountId, Region
from orgrollout.sandbox import Sandbox
from tests.aws.conftest import Serve
from tests.aws.wire import Answer, Endpoint, FakeClock, refused

ACCOUNT, OTHER = AccountId("222233334444"), AccountId("555566667777")
US, EU = Region("us-east-1"), Region("eu-west-1")
# One answer that GetCallerIdentity and AssumeRole can both be read from.
ANSWER = Answer(
    200,
    '<{Action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:sts::111122223333:assumed-role/Rollout/mia</Arn><Account>111122223333</Account>"
    "</GetCallerIdentityResult><AssumeRoleResult>"
    "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2020-01-01T00:00:00Z</Expiration></Credentials>"
    "<AssumedRoleUser><AssumedRoleId>A:x</AssumedRoleId><Arn>{Session}</Arn></AssumedRoleUser>"
    "</AssumeRoleResult></{Action}Response>",
)


def assumed(endpoint: Endpoint) -> list[dict[str, str]]:
    return [asked for asked in endpoint.received if asked["Action"] == "AssumeRole"]


def look(connection: Connection) -> None:
    connection.call("sts", "GetCallerIdentity")


@pytest.mark.slow
def test_a_role_is_assumed_once_per_account_for_all_regions_and_threads(
    serve: Serve, connection: Connection
) -> None:
    endpoint = serve(ANSWER)

    def enter(region: Region) -> None:
        look(connection.in_account(ACCOUNT, "Probe", region))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, [US, EU] * 8))
    look(connection.planning().in_account(ACCOUNT, "Probe", EU))
    look(connection.in_account(OTHER, "Probe", EU))

    roles = [asked["RoleArn"] for asked in assumed(endpoint)]
    assert roles == [f"arn:aws:iam::{account}:role/Probe" for account in (ACCOUNT, OTHER)]


def test_the_external_id_is_sent_where_there_is_one(serve: Serve, connection: Connection) -> None:
    endpoint = serve(ANSWER)
    connection.in_account(ACCOUNT, "Probe", US)
    connection.in_account(ACCOUNT, "security/Resync", US, external_id="base-7")

    plain, known = assumed(endpoint)
    assert "ExternalId" not in plain
    assert known["ExternalId"] == "base-7"
    assert known["RoleArn"].endswith("role/security/Resync")


def test_a_session_is_renewed_before_it_expires_by_the_given_clock(
    serve: Serve, connection: Connection, clock: FakeClock
) -> None:
    """A rollout lasts longer than a session; its expiry is by another machine's clock."""
    endpoint = serve(ANSWER)
    inside = connection.in_account(ACCOUNT, "Probe", US)
    for minutes in (30, 10):
        clock.time += timedelta(minutes=minutes)
        look(inside)
    assert len(assumed(endpoint)) == 1

    clock.time += timedelta(minutes=15)
    look(inside)
    look(connection.in_account(ACCOUNT, "Probe", EU))
    assert len(assumed(endpoint)) == 2


def test_a_session_that_aws_reports_as_expired_is_renewed_once(
    serve: Serve, connection: Connection
) -> None:
    """Its sessions were revoked, or our clock is behind; the caller need not sign in again."""
    expired = refused("ExpiredToken", "The security token included in the request is expired", 403)
    endpoint = serve(ANSWER, ANSWER, expired, ANSWER)
    inside = connection.in_account(ACCOUNT, "Probe", US)

    look(inside)

    asked = [received["Action"] for received in endpoint.received]
    assert asked[-3:] == ["GetCallerIdentity", "AssumeRole", "GetCallerIdentity"]
    endpoint.script = [expired]
    with pytest.raises(InvalidCredentialsError):
        look(inside)
    assert len(assumed(endpoint)) == 3


def test_a_session_that_cannot_be_renewed_is_reported_and_sends_nothing(
    serve: Serve, connection: Connection, clock: FakeClock
) -> None:
    endpoint = serve(ANSWER, ANSWER, refused("AccessDenied", "no", 403))
    inside = connection.in_account(ACCOUNT, "Probe", US)
    clock.time += timedelta(minutes=55)

    with pytest.raises(AccessDeniedError, match="AssumeRole"):
        look(inside)
    assert [asked["Action"] for asked in endpoint.received[-2:]] == ["AssumeRole", "AssumeRole"]


def test_the_guard_is_consulted_after_a_session_was_renewed(
    serve: Serve, connection: Connection, clock: FakeClock
) -> None:
    """Renewing takes time, in which a lease may run out."""
    endpoint = serve(ANSWER)
    inside = connection.in_account(ACCOUNT, "Probe", US)
    clock.time += timedelta(minutes=55)
    asked: list[int] = []

    with connection.guarded(lambda: asked.append(len(endpoint.received))):
        look(inside)
    assert asked[-1] == len(endpoint.received) - 1


def test_a_read_only_connection_opens_no_writing_one(serve: Serve, connection: Connection) -> None:
    serve(ANSWER)
    stack = {"StackName": "StackSet-base"}
    for reading in (
        connection.in_account(ACCOUNT, "Resync", US),
        connection.planning().in_account(ACCOUNT, "Resync", US, read_only=False),
    ):
        with pytest.raises(ReadOnlyError):
            reading.call("cloudformation", "DeleteStack", stack)

    writing = connection.in_account(ACCOUNT, "Resync", US, read_only=False)
    writing.call("cloudformation", "DeleteStack", stack)


def test_a_role_that_does_not_trust_us_is_tried_again_the_next_time(
    serve: Serve, connection: Connection
) -> None:
    """It may have been deployed in between."""
    endpoint = serve(ANSWER, refused("AccessDenied", "no", 403), ANSWER)
    with pytest.raises(AccessDeniedError):
        connection.in_account(ACCOUNT, "Probe", US)

    connection.in_account(ACCOUNT, "Probe", US)
    assert len(assumed(endpoint)) == 2


def test_calls_in_a_member_account_count_against_its_rates_and_not_ours() -> None:
    clock, limits = FakeClock(), RateLimits()
    for _ in range(4):
        for place in ("", "222233334444/us-east-1", "222233334444/eu-west-1"):
            limits.wait("cloudformation", "DescribeStackSetOperation", clock, place)
    assert sum(clock.slept, timedelta()) == timedelta(seconds=1)  # for the two beyond our own burst


def test_rates_of_places_called_once_are_dropped() -> None:
    clock, limits = FakeClock(), RateLimits()
    for n in range(30_000):
        limits.wait("config", "DescribeConfigRules", clock, f"{n:012}/us-east-1")
        clock.time += timedelta(milliseconds=50)
    assert len(limits._buckets) < 6_000


def test_ten_thousand_accounts_share_one_client_per_service_and_region(serve: Serve) -> None:
    """Making one takes longer than a call, and each is large."""
    serve(ANSWER)
    connection = connect(clock=FakeClock(), limits=RateLimits(speed=1e9))
    opened = [
        connection.in_account(AccountId(f"{n:012}"), "Probe", region)
        for n in range(80)
        for region in (US, EU)
    ]
    for each in opened:
        look(each)

    made = [each._clients.get("sts", read_only=True) for each in opened]
    assert len({id(client) for client in made}) == 2
    assert {each.home_region for each in opened} == {US, EU}


@pytest.fixture
def accounts() -> Iterator[list[AccountId]]:
    names = [{"name": f"a{n}", "id": f"{100_000_000_000 + n}"} for n in range(8)]
    organization: dict[str, Any] = {"regions": [US], "root": {"accounts": names}}
    with Sandbox.start({"organization": "o-a1b2c3d4e5", **organization}):
        yield [AccountId(each["id"]) for each in names]


def test_each_request_is_signed_with_the_session_of_its_account_in_any_thread(
    accounts: list[AccountId],
) -> None:
    """Accounts share clients, and never credentials."""
    connection = connect(region=US, limits=RateLimits(speed=1e9))

    def who(account: AccountId) -> str:
        inside = connection.in_account(account, "OrganizationAccountAccessRole", US)
        return str(inside.call("sts", "GetCallerIdentity")["Account"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(who, accounts * 10)) == accounts * 10
    home = connection.identity.account
    assert home not in accounts


def test_a_shared_client_sends_nothing_without_an_account(
    serve: Serve, connection: Connection
) -> None:
    endpoint = serve(ANSWER)
    clients = connection.in_account(ACCOUNT, "Probe", US)._clients
    before = len(endpoint.received)

    with pytest.raises(NoCredentialsError):
        clients.get("sts", read_only=True).get_caller_identity()
    assert len(endpoint.received) == before
