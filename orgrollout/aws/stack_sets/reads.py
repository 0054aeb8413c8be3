"""What StackSets tells of stack sets, their instances and operations, in the domain's words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, Literal

from orgrollout.aws.organizations import describe_organization
from orgrollout.aws.stack_sets import responses
from orgrollout.aws.stack_sets.responses import ListedStackSet
from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.response_checks import PageTokens
from orgrollout.errors import (
    NotDelegatedAdminError,
    NotInOrganizationError,
    OperationNotFoundError,
    StackInstanceNotFoundError,
    StackSetNotFoundError,
)
from orgrollout.model.ids import AccountId, OperationId, Pair, Region, StackSetName
from orgrollout.model.operation import Operation, OperationResult, ResultStatus
from orgrollout.model.stack_set import (
    CallAs,
    DeployedStackSet,
    PermissionModel,
    StackInstance,
)

_PAGE = {"MaxResults": 100}
# In this order, so that an instance that moves on between two calls is seen in one of them.
_NOT_SUCCEEDED = (
    ResultStatus.PENDING,
    ResultStatus.RUNNING,
    ResultStatus.FAILED,
    ResultStatus.CANCELLED,
)


class StackSetReads:
    """The stack sets of one administrator in one home Region, to be looked at.

    CallAs goes with every call for a service-managed set and with none for another. Whether a set
    is service-managed is remembered from what was read or created, and looked up where it was
    not. Every call may raise ``AccessDeniedError``, ``ThrottledError``, ``UnreachableError``,
    ``InvalidCredentialsError``, ``OrganizationsAccessError`` or ``NotDelegatedAdminError``.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        call_as: Literal["auto", "self", "delegated_admin"] = "auto",
    ) -> None:
        self._connection = connection
        self.wanted = call_as
        self._models: dict[StackSetName, PermissionModel] = {}

    @cached_property
    def call_as(self) -> CallAs:
        """Return as whom service-managed stack sets are called. ``auto`` is resolved once.

        In the management account, or in no organization at all, that is SELF.
        """
        if self.wanted != "auto":
            return CallAs(self.wanted.upper())
        try:
            _, management = describe_organization(self._connection)
        except NotInOrganizationError:
            return CallAs.SELF
        own = self._connection.identity.account
        return CallAs.SELF if own == management else CallAs.DELEGATED_ADMIN

    # --- what exists

    def list_stack_sets(self) -> tuple[ListedStackSet, ...]:
        """Return every stack set that is not deleted.

        A delegated administrator has two kinds: the management account's, and its own.
        """
        found: dict[StackSetName, ListedStackSet] = {}
        for place in self._places():
            with self._tolerating_members(place):
                parameters = {"Status": "ACTIVE", **_PAGE, **_call_as(place)}
                for row in self._pages("ListStackSets", parameters):
                    if row.get("Status", "ACTIVE") == "ACTIVE":
                        listed = responses.listed_stack_set(row)
                        found.setdefault(listed.name, listed)
        self._models.update({row.name: row.permission_model for row in found.values()})
        return tuple(found.values())

    def describe(self, name: StackSetName) -> DeployedStackSet | None:
        """Return the stack set, or None where there is none (DescribeStackSet, consistent)."""
        for place in (self._place(name),) if name in self._models else self._places():
            with suppress(StackSetNotFoundError), self._tolerating_members(place):
                answer = self._call("DescribeStackSet", {"StackSetName": name, **_call_as(place)})
                if answer["StackSet"].get("Status", "ACTIVE") == "ACTIVE":
                    deployed = responses.deployed_stack_set(answer["StackSet"])
                    self._models[name] = deployed.definition.permission_model
                    return deployed
        return None

    def instances(
        self,
        name: StackSetName,
        *,
        last_operation: OperationId | None = None,
        detailed_status: str | None = None,
        drift_status: str | None = None,
        account: AccountId | None = None,
        region: Region | None = None,
    ) -> Iterator[StackInstance]:
        """Return the stack instances, a page of 100 at a time, without their overrides.

        Raises:
            StackSetNotFoundError: There is no such stack set.
        """
        parameters: dict[str, Any] = {**_PAGE}
        wanted = {
            "LAST_OPERATION_ID": last_operation,
            "DETAILED_STATUS": detailed_status,
            "DRIFT_STATUS": drift_status,
        }
        if filters := [{"Name": name, "Values": v} for name, v in wanted.items() if v is not None]:
            parameters["Filters"] = filters
        if account is not None:
            parameters["StackInstanceAccount"] = account
        if region is not None:
            parameters["StackInstanceRegion"] = region
        for row in self._pages("ListStackInstances", self._for(name, parameters)):
            yield responses.stack_instance(row)

    def describe_instance(self, name: StackSetName, pair: Pair) -> StackInstance | None:
        """Return the stack instance with its overrides, or None where there is none.

        Raises:
            StackSetNotFoundError: There is no such stack set.
        """
        where = {"StackInstanceAccount": pair.account, "StackInstanceRegion": pair.region}
        try:
            answer = self._call("DescribeStackInstance", self._for(name, where))
        except StackInstanceNotFoundError:
            return None
        # An empty list is left out of an answer, and means: no overrides.
        return responses.stack_instance({"ParameterOverrides": (), **answer["StackInstance"]})

    # --- what became of it

    def describe_operation(
        self, stack_set: StackSetName, operation: OperationId
    ) -> Operation | None:
        """Return the operation, or None where it was never started (consistent)."""
        parameters = self._for(stack_set, {"OperationId": operation})
        try:
            answer = self._call("DescribeStackSetOperation", parameters)
        except OperationNotFoundError:
            return None
        return responses.operation(stack_set, answer["StackSetOperation"])

    def operations(self, stack_set: StackSetName) -> Iterator[Operation]:
        """Return the operations, newest first, a page of 100 at a time (eventually consistent)."""
        for page in self.operation_pages(stack_set):
            yield from page

    def operation_pages(self, stack_set: StackSetName) -> Iterator[tuple[Operation, ...]]:
        """Return the same in pages, for a reader that stops where one reaches back far enough."""
        parameters = self._for(stack_set, {**_PAGE})
        tokens = PageTokens("cloudformation:ListStackSetOperations")
        while True:
            answer = self._call("ListStackSetOperations", parameters)
            yield tuple(
                responses.operation(stack_set, row) for row in answer.get("Summaries") or ()
            )
            if not (token := tokens.of(answer)):
                return
            parameters["NextToken"] = token

    def results(
        self,
        stack_set: StackSetName,
        operation: OperationId,
        *,
        status: ResultStatus | None = None,
    ) -> Iterator[OperationResult]:
        """Return what became of each instance (eventually consistent: they lag behind).

        Raises:
            OperationNotFoundError: There is no such operation.
        """
        parameters: dict[str, Any] = {"OperationId": operation, **_PAGE}
        if status is not None:
            parameters["Filters"] = [{"Name": "OPERATION_RESULT_STATUS", "Values": status.value}]
        for row in self._pages("ListStackSetOperationResults", self._for(stack_set, parameters)):
            yield responses.operation_result(row)

    def failed_results(
        self, stack_set: StackSetName, operation: OperationId
    ) -> tuple[OperationResult, ...]:
        """Return every result that is not SUCCEEDED, ordered by pair.

        Up to 100 instances that is one call, the whole list. Beyond, the filter takes one status
        a call: four calls and a page per 100 failures, where the list takes one per 100 instances.

        Raises:
            OperationNotFoundError: There is no such operation.
        """
        parameters = self._for(stack_set, {"OperationId": operation, **_PAGE})
        first = self._call("ListStackSetOperationResults", parameters)
        results = [responses.operation_result(row) for row in first.get("Summaries") or ()]
        if first.get("NextToken"):
            results = [
                result
                for status in _NOT_SUCCEEDED
                for result in self.results(stack_set, operation, status=status)
            ]
        failed = {r.pair: r for r in results if r.status is not ResultStatus.SUCCEEDED}
        return tuple(failed[pair] for pair in sorted(failed))

    # --- the way there

    def _for(self, name: StackSetName, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters for a call about one stack set, CallAs included where due."""
        return {**parameters, "StackSetName": name, **_call_as(self._place(name))}

    def _place(self, name: StackSetName) -> CallAs | None:
        if name not in self._models and len(self._places()) > 1 and self.describe(name) is None:
            return CallAs.DELEGATED_ADMIN
        service_managed = self._models.get(name) is PermissionModel.SERVICE_MANAGED
        return self.call_as if service_managed else None

    def _places(self) -> tuple[CallAs | None, ...]:
        # A delegated administrator's own sets are not where the management account's are. In the
        # management account both are in one place, and SELF is the default.
        if self.call_as is CallAs.DELEGATED_ADMIN:
            return (CallAs.DELEGATED_ADMIN, None)
        return (None,)

    @contextmanager
    def _tolerating_members(self, place: CallAs | None) -> Iterator[None]:
        """Let a member that is no delegated administrator look at its own sets, under ``auto``.

        It learns that it is none when it is to change a service-managed set.
        """
        try:
            yield
        except NotDelegatedAdminError:
            if place is None or self.wanted != "auto":
                raise

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return self._connection.call("cloudformation", operation, parameters)

    def _pages(self, operation: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        return self._connection.pages("cloudformation", operation, parameters, "Summaries")


def _call_as(place: CallAs | None) -> dict[str, str]:
    return {} if place is None else {"CallAs": place.value}
