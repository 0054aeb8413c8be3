"""Credentials, Region and endpoint, and the message if one of them is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.errors import (
    AwsConfigurationError,
    InvalidCredentialsError,
    MissingCredentialsError,
    MissingRegionError,
    UnknownProfileError,
)
from tests.aws.conftest import Serve
from tests.aws.wire import FakeClock, ok, refused

WHO = ok(
    "GetCallerIdentity",
    "<Arn>arn:aws-us-gov:sts::111122223333:assumed-role/Rollout/mia</Arn>"
    "<UserId>AROA:mia</UserId><Account>111122223333</Account>",
)


def test_the_caller_identity_is_read_once_and_only_if_needed(
    serve: Serve, connection: Connection
) -> None:
    endpoint = serve(WHO)
    assert endpoint.received == []

    identity = connection.identity

    assert identity.account == "111122223333"
    assert identity.arn.endswith("Rollout/mia")
    assert identity.partition == "aws-us-gov"
    assert connection.planning().identity == connection.identity == identity
    assert connection.calls == {"GetCallerIdentity": 1}


def test_a_given_region_has_precedence_over_the_configured_one() -> None:
    assert connect().home_region == "us-east-1"
    assert connect(region="eu-west-1").home_region == "eu-west-1"


def test_aws_region_is_read_as_other_tools_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has precedence over AWS_DEFAULT_REGION; the command line has precedence over both."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    assert connect().home_region == "eu-central-1"
    assert connect(region="eu-west-1").home_region == "eu-west-1"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert connect().home_region == "eu-central-1"


def test_a_missing_region_is_reported_with_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(MissingRegionError, match=r"--home-region, AWS_REGION, or `home_region`"):
        connect()


def test_a_profile_supplies_its_region_and_an_unknown_one_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("[profile prod]\nregion = sa-east-1\n")

    assert connect(profile="prod").home_region == "sa-east-1"
    with pytest.raises(UnknownProfileError, match=r"profile pord is in neither.*list-profiles"):
        connect(profile="pord")


def test_an_unknown_profile_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(UnknownProfileError, match="profile gone"):
        connect()


def test_an_unreadable_configuration_is_named() -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("region = us-east-1\n")
    with pytest.raises(AwsConfigurationError, match="aws-config"):
        connect(profile="prod")


def test_an_endpoint_that_is_not_a_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:5000")
    with pytest.raises(AwsConfigurationError, match="localhost:5000"):
        connect(clock=FakeClock()).call("cloudformation", "ListStackSets")


def test_missing_credentials_are_reported_with_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    endpoint = serve(WHO)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(MissingCredentialsError, match=r"nothing was sent.*--profile.*sso login"):
        _ = connect(clock=FakeClock()).identity
    assert endpoint.received == []


def test_expired_credentials_are_distinguished_and_not_retried(
    serve: Serve, connection: Connection
) -> None:
    endpoint = serve(refused("ExpiredToken", "The security token is expired", 403))
    with pytest.raises(InvalidCredentialsError, match=r"expired.*Sign in again.*resume"):
        _ = connection.identity
    assert len(endpoint.received) == 1


def test_an_endpoint_other_than_aws_is_distinguished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals are kept by endpoint, so that a sandbox never meets production."""
    assert connect().endpoint is None
    for region in (
        "cn-north-1",
        "us-gov-west-1",
        "us-iso-east-1",
        "eu-isoe-west-1",
        "eusc-de-east-1",
    ):
        assert connect(region=region).endpoint is None
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5000")
    assert connect().endpoint == "http://localhost:5000"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://amazonaws.com.example.org")
    assert connect().endpoint == "https://amazonaws.com.example.org"


def test_timeouts_are_short_and_botocore_does_not_retry(connection: Connection) -> None:
    """Our own code repeats unanswered calls, and reports that it does."""
    config = connection._clients.get("cloudformation", read_only=False).meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 25)
    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}


def test_boto3_is_not_imported_before_a_connection_is_made() -> None:
    """`validate` and `--help` must not wait for it."""
    code = (
        "import sys, orgrollout.aws.transport.connection, orgrollout.aws.stack_sets.stack_sets;"
        "sys.exit(any(m in sys.modules for m in ('boto3', 'botocore', 'tenacity')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
