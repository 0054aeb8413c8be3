"""Errors of AWS and our exceptions for them: the class to catch, the words to show."""

from typing import Any

import pytest
from botocore import exceptions as boto

from orgrollout import errors
from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.error_mapping import is_transient, translate, withhold
from tests.aws.conftest import Serve
from tests.aws.wire import refused

NOT_ALLOWED = (
    "User: arn:aws:iam::111122223333:user/mia is not authorized to perform: iam:PassRole on "
    "resource: arn:aws:iam::111122223333:role/Admin"
)


REFUSALS: list[tuple[str, str, type[errors.AwsError], str]] = [
    ("AccessDenied", NOT_ALLOWED, errors.AccessDeniedError, "Allow iam:PassRole"),
    (
        "AccessDenied",
        "Nope",
        errors.AccessDeniedError,
        "Allow cloudformation:CreateStackInstances",
    ),
    ("ExpiredToken", "The security token expired", errors.InvalidCredentialsError, "Sign in"),
    (
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        errors.InvalidCredentialsError,
        "Sign in again",
    ),
    (
        "ValidationError",
        "You must enable organizations access to operate a service managed stack set",
        errors.OrganizationsAccessError,
        "activate-organizations-access",
    ),
    (
        "ValidationError",
        "Account used is not a delegated administrator",
        errors.NotDelegatedAdminError,
        "register-delegated-administrator",
    ),
    (
        "ValidationError",
        "You must be the management account or delegated admin account of an organization "
        "before operating a SERVICE_MANAGED stack set",
        errors.NotDelegatedAdminError,
        "management account",
    ),
    ("StackSetNotFoundException", "gone", errors.StackSetNotFoundError, "stack set base"),
    (
        "StackInstanceNotFoundException",
        "no instance 1",
        errors.StackInstanceNotFoundError,
        "Nothing was started",
    ),
    (
        "OperationInProgressException",
        "Another Operation on StackSet arn is in progress",
        errors.OperationInProgressError,
        "stack set base is busy",
    ),
    ("OperationIdAlreadyExistsException", "dup", errors.OperationExistsError, "base"),
    ("OperationNotFoundException", "none", errors.OperationNotFoundError, "no such operation"),
    ("NameAlreadyExistsException", "dup", errors.StackSetExistsError, "adopt: true"),
    ("CreatedButModifiedException", "mod", errors.StackSetExistsError, "left alone"),
    ("StackSetNotEmptyException", "full", errors.StackSetNotEmptyError, "plan"),
    ("LimitExceededException", "StackInstances limit", errors.QuotaError, "Service Quotas"),
    (
        "ValidationError",
        "Template format error: unsupported structure.",
        errors.RejectedError,
        "Template format error: unsupported structure. Fix",
    ),
    (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
        errors.RejectedError,
        "[CAPABILITY_IAM]",
    ),
    ("InvalidOperationException", "not now", errors.InvalidOperationError, "not now"),
    ("Oddity", "what is this", errors.AwsError, "Oddity: what is this"),
]


@pytest.mark.slow
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]} {refusal[1][:30]}")
def test_each_refusal_has_a_class_and_an_advice(
    serve: Serve, connection: Connection, refusal: tuple[str, str, type[errors.AwsError], str]
) -> None:
    code, message, error, advice = refusal
    serve(refused(code, message))

    with pytest.raises(error) as caught:
        connection.call(
            "cloudformation",
            "CreateStackInstances",
            {"StackSetName": "base", "Regions": ["us-east-1"]},
        )

    assert type(caught.value) is error
    assert advice in str(caught.value)
    assert "{" not in str(caught.value)
    assert caught.value.api == "cloudformation:CreateStackInstances"
    assert isinstance(caught.value.__cause__, boto.ClientError)


def test_parameter_values_that_cloudformation_quotes_are_withheld(
    serve: Serve, connection: Connection
) -> None:
    """Errors end up in terminals, tickets and CI logs."""
    serve(refused("ValidationError", "Parameter Pin must be one of 1234, not 's3cret(x'."))
    parameters = {
        "StackSetName": "base",
        "Parameters": [{"ParameterKey": "Pin", "ParameterValue": "s3cret(x"}],
    }
    with pytest.raises(errors.RejectedError) as caught:
        connection.call("cloudformation", "UpdateStackSet", parameters)

    assert "s3cret" not in str(caught.value)
    assert "Parameter Pin must be one of 1234, not '(value withheld)'." in str(caught.value)


def test_only_whole_values_are_withheld_the_longest_first() -> None:
    values = [{"ParameterKey": "K", "ParameterValue": v} for v in ("acme", "acme-logs", "")]
    said = withhold("acme-logs, acme and acmes", {"ParameterOverrides": values})
    assert said == "(value withheld), (value withheld) and acmes"


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (boto.NoCredentialsError(), errors.MissingCredentialsError),
        (
            boto.PartialCredentialsError(provider="env", cred_var="x"),
            errors.MissingCredentialsError,
        ),
        (
            boto.CredentialRetrievalError(provider="process", error_msg="x"),
            errors.InvalidCredentialsError,
        ),
        (boto.UnauthorizedSSOTokenError(), errors.InvalidCredentialsError),
        (boto.SSOTokenLoadError(error_msg="x"), errors.InvalidCredentialsError),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), errors.InvalidCredentialsError),
        (boto.NoRegionError(), errors.MissingRegionError),
        (boto.ReadTimeoutError(endpoint_url="u"), errors.UnreachableError),
        (boto.SSLError(endpoint_url="u", error=Exception("certificate")), errors.UnreachableError),
        (boto.ProxyConnectionError(proxy_url="p", error="x"), errors.UnreachableError),
        (
            boto.ChecksumError(checksum_type="a", expected_checksum="1", actual_checksum="2"),
            errors.AwsError,
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_transport_failure_has_a_class(
    raised: Exception, error: type[errors.AwsError]
) -> None:
    assert type(translate(raised, "cloudformation", "ListStackSets", {})) is error


def test_a_wrong_certificate_is_not_retried() -> None:
    assert not is_transient(boto.SSLError(endpoint_url="u", error=Exception("x")))
    assert not is_transient(boto.NoCredentialsError())
    assert is_transient(boto.ReadTimeoutError(endpoint_url="u"))


def test_an_api_that_the_endpoint_lacks_is_told_so_and_not_as_an_outage() -> None:
    response: Any = {
        "Error": {"Code": "NotImplemented", "Message": "ec2:GetX is not simulated."},
        "ResponseMetadata": {"HTTPStatusCode": 501},
    }
    error = boto.ClientError(response, "GetX")
    ours = translate(error, "ec2", "GetX", {})

    assert isinstance(ours, errors.NotOfferedError)
    assert "docs/sandbox.md" in str(ours)
    assert not is_transient(error)
