"""Errors the sandbox answers with, as CloudFormation and Organizations word them.

``ApiError`` is an answer to a caller; ``SandboxFileError`` tells a person that the
organization file is wrong.
"""

from collections.abc import Sequence


class SandboxError(Exception):
    """The sandbox was used in a way it does not support."""


class SandboxFileError(SandboxError):
    """The organization file is wrong; ``problems`` names each place and what is expected there."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        super().__init__(f"{source}: " + "; ".join(problems))
        self.problems = tuple(problems)


class UnknownNameError(SandboxError, KeyError):
    """A name fits no account or unit, or more than one."""

    def __str__(self) -> str:
        return str(self.args[0])


class ApiError(Exception):
    """An error answer: code, message, HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class LostResponseError(Exception):
    """The call took effect, but its answer never arrives."""


def validation(message: str) -> ApiError:
    """Return the error for input that CloudFormation refuses before it does anything."""
    return ApiError("ValidationError", message)


def stack_set_not_found(name: str) -> ApiError:
    """Return the error for a stack set that does not exist (or is deleted).

    Wording: hashicorp/terraform-provider-aws#24520, aws-cloudformation/rain#585.
    """
    return ApiError("StackSetNotFoundException", f"StackSet {name} not found", 404)


def operation_not_found(operation_id: str, stack_set_id: str) -> ApiError:
    """Return the error for an operation id the stack set does not know."""
    message = f"Operation {operation_id} not found for StackSet {stack_set_id}"
    return ApiError("OperationNotFoundException", message, 404)


def stack_instance_not_found(stack_set: str, account: str, region: str) -> ApiError:
    """Return the error for a stack instance that the stack set does not have."""
    message = f"Stack instance not found for StackSet {stack_set}, account {account}, {region}"
    return ApiError("StackInstanceNotFoundException", message, 404)


def operation_in_progress(arn: str) -> ApiError:
    """Return the refusal of a second operation.

    Wording: ansible-collections/community.aws#103, hashicorp/terraform-provider-aws#28675.
    """
    message = f"Another Operation on StackSet {arn} is in progress"
    return ApiError("OperationInProgressException", message, 409)


def invalid_operation(message: str) -> ApiError:
    """Return the error for an operation that cannot be carried out as things stand."""
    return ApiError("InvalidOperationException", message)


def limit_exceeded(message: str) -> ApiError:
    """Return the error for a quota that would be passed."""
    return ApiError("LimitExceededException", message)


def throttled(service: str) -> ApiError:
    """Return the throttle of ``service``: CloudFormation answers HTTP 400, ``Rate exceeded``."""
    if service == "organizations":
        return ApiError("TooManyRequestsException", "AWS Organizations can't process the request.")
    code = "RequestLimitExceeded" if service == "ec2" else "Throttling"
    return ApiError(code, "Rate exceeded", 503 if service == "ec2" else 400)


def access_denied(caller: str, action: str, resource: str) -> ApiError:
    """Return the refusal of an action that ``caller`` may not do."""
    message = f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
    return ApiError("AccessDenied", message, 403)


class DeploymentError(SandboxError):
    """A stack could not be created, updated or deleted; the message is CloudFormation's."""
