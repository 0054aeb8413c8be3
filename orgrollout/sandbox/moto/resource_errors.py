"""Refusals of services and failures of moto, in the words of CloudFormation."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from orgrollout.sandbox.errors import DeploymentError
from orgrollout.sandbox.moto.intrinsics import TemplateError
from orgrollout.sandbox.moto.stack_ids import unexpected
from orgrollout.sandbox.moto.stack_states import STACK

AWS_ERRORS = (HTTPException, ServiceException, TemplateError)


class ResourceError(Exception):
    """A service refused a resource."""

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        super().__init__(
            f"ResourceLogicalId:{logical_id}, ResourceType:{resource_type}, "
            f"ResourceStatusReason:{reason}"
        )


@contextmanager
def named_in_errors(key: str, kind: str) -> Iterator[None]:
    """Name the resource in errors of its service."""
    try:
        yield
    except AWS_ERRORS as error:
        raise ResourceError(key, kind, message_of(error)) from error


def message_of(error: Exception) -> str:
    """Return what a service said."""
    return str(getattr(error, "message", None) or getattr(error, "description", None) or error)


@contextmanager
def guarded(note: Callable[[str, str, str, str], None], stack_id: str, what: str) -> Iterator[None]:
    """Turn whatever moto raises into the reason of a failure, in CloudFormation's words.

    Raises:
        DeploymentError: With that reason.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except DeploymentError:
            raise
        except (ResourceError, *AWS_ERRORS) as error:
            raise DeploymentError(message_of(error)) from error
        except Exception as error:  # moto's own gaps take many forms; this one is listed
            note(stack_id, "", STACK, f"not {what}: {error!r}")
            raise DeploymentError(unexpected(error, stack_id)) from error
