"""CloudFormation's StackSets, in the words of the domain: what it tells, and what it is told.

Translates, and repeats throttled calls. Targets, waiting and retries are the caller's.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from orgrollout.aws.stack_sets import requests
from orgrollout.aws.stack_sets.drift import DriftReads
from orgrollout.aws.stack_sets.template_bucket import by_url
from orgrollout.errors import (
    BrokenResponseError,
    BucketError,
    InvalidOperationError,
    OperationExistsError,
    OperationIdIgnoredError,
    OperationInProgressError,
    StackSetExistsError,
    StackSetNotFoundError,
)
from orgrollout.model.ids import OperationId, StackSetName
from orgrollout.model.operation import OperationPreferences, OperationRequest
from orgrollout.model.operation_id import is_ours
from orgrollout.model.stack_set import StackSetDefinition

# A detection changes nothing, so nothing is gained by being careful with it.
_FULL_SPEED = OperationPreferences(max_concurrent_percentage=100, failure_tolerance_percentage=100)


class StackSets(DriftReads):
    """The stack sets of one administrator in one home Region, to be looked at and changed."""

    def create_stack_set(
        self,
        name: StackSetName,
        definition: StackSetDefinition,
        token: str,
        bucket: str | None = None,
    ) -> None:
        """Create a stack set without instances. Repeating with the same token creates no other.

        A template too large for a call goes by way of ``bucket``.

        Raises:
            BucketError: It cannot; nothing was created.
            StackSetExistsError: One of that name exists, and is another, or was changed since.
            RejectedError: CloudFormation does not accept the template or its parameters.
        """
        self._models[name] = definition.permission_model
        parameters = requests.creation(name, definition, token)
        parameters = by_url(parameters, bucket, self._connection)
        try:
            self._call("CreateStackSet", self._for(name, parameters))
        except StackSetExistsError:
            # A token is not kept for ever; after a crash the set may be there, and be ours.
            existing = self.describe(name)
            if existing is None or not _same(existing.definition, definition):
                raise

    def delete_stack_set(self, name: StackSetName) -> None:
        """Delete a stack set that has no instances; one that is gone already is fine.

        Raises:
            StackSetNotEmptyError: It still has instances.
            OperationInProgressError: An operation runs on it.
        """
        with suppress(StackSetNotFoundError):
            self._call("DeleteStackSet", self._for(name, {}))
        self._models.pop(name, None)

    def start(self, request: OperationRequest) -> None:
        """Start an operation under its id, the idempotency token.

        Calling again after a lost response, or after a crash, starts nothing new. A request to
        update with a definition and without targets updates every instance there is.

        Raises:
            OperationInProgressError: The stack set is busy with another; nothing was started.
            BucketError: What is too large for a call cannot be put where it has to be.
            StackSetNotFoundError, StackInstanceNotFoundError: Something it names is gone.
            RejectedError, InvalidOperationError, QuotaError: CloudFormation says why not.
        """
        operation, parameters = requests.operation_call(request)
        parameters = by_url(parameters, request.bucket, self._connection)
        self._models[request.stack_set] = request.permission_model
        try:
            self._begin(operation, request.stack_set, parameters)
        except OperationExistsError:
            return
        except OperationInProgressError:
            # Whether AWS checks the lock or the id first is not documented: it may be this one.
            if self.describe_operation(request.stack_set, request.id) is None:
                raise
        if request.definition is not None and "TemplateURL" in parameters:
            self._must_have_read(request, request.definition)

    def _must_have_read(self, request: OperationRequest, sent: StackSetDefinition) -> None:
        """Stop an operation at once if CloudFormation read another template than was put there.

        For CreateStackSet that is not needed: before there is an instance, a rollout looks at the
        definition anyway.
        """
        found = self.describe(request.stack_set)
        if found is None or found.definition.template_digest == sent.template_digest:
            return
        self.stop(request.stack_set, request.id)
        raise BucketError(
            f"CloudFormation read another template for {request.stack_set} than was put into "
            f"{request.bucket}: another user or tool wrote over it in that moment. The operation "
            f"{request.id} is stopped. See who may write there, and which stack instances it "
            "reached (`orgrollout coverage`), then plan again."
        )

    def detect_drift(self, stack_set: StackSetName, operation: OperationId) -> None:
        """Start looking for drift in all stack instances, under an id of ours, as fast as it goes.

        Calling again after a lost response, or after a crash, starts nothing new.

        Raises:
            OperationInProgressError: The stack set is busy with another; nothing was started.
            StackSetNotFoundError: It is gone.
        """
        sent = {
            "OperationId": operation,
            "OperationPreferences": requests.preferences(_FULL_SPEED),
        }
        try:
            self._begin("DetectStackSetDrift", stack_set, sent)
        except OperationExistsError:
            return
        except OperationInProgressError:
            # As above: it may be this one.
            if self.describe_operation(stack_set, operation) is None:
                raise

    def _begin(self, operation: str, stack_set: StackSetName, sent: Mapping[str, Any]) -> None:
        """Send what starts an operation, and see that it runs under the id that was sent.

        An id of ours that is another one came with the response to another request, as a cache
        gives it out; so AWS is asked what it has begun.

        Raises:
            OperationIdIgnoredError: It runs under an id that the endpoint made up.
            BrokenResponseError: It is not known to have begun.
        """
        started = self._call(operation, self._for(stack_set, sent))["OperationId"]
        if started == sent["OperationId"]:
            return
        api = f"cloudformation:{operation}"
        if not is_ours(started):
            raise OperationIdIgnoredError(api, subject=stack_set, code=started)
        if self.describe_operation(stack_set, sent["OperationId"]) is None:
            raise BrokenResponseError(api, "its OperationId is that of another operation")

    def stop(self, stack_set: StackSetName, operation: OperationId) -> None:
        """Stop an operation: what has not begun is cancelled, what has begun is finished.

        One that has ended already is fine.

        Raises:
            OperationNotFoundError: There is no such operation.
        """
        with suppress(InvalidOperationError):
            self._call("StopStackSetOperation", self._for(stack_set, {"OperationId": operation}))


def _same(existing: StackSetDefinition, wanted: StackSetDefinition) -> bool:
    return existing.permission_model is wanted.permission_model and existing.state_digest(
        {}
    ) == wanted.state_digest({})
