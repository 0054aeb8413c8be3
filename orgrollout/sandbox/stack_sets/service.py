"""The stack sets of the organization, and the rules by which operations begin.

One operation at a time per stack set, or a queue with managed execution; the caller's
OperationId is an idempotency token.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgrollout.sandbox import errors
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization.model import Organization, derive
from orgrollout.sandbox.principals import Principal
from orgrollout.sandbox.records import Operation, Result, StackInstance, StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets.operation_runner import Effects, Runner, Slots
from orgrollout.sandbox.timeline import Timeline

NOT_ENABLED = "You must enable organizations access to operate a service managed stack set"
NOT_ADMIN = (
    "You must be the management account or delegated admin account of an organization "
    "before operating a SERVICE_MANAGED stack set"
)
NOT_DELEGATE = "Account used is not a delegated administrator"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller and its Region."""

    principal: Principal
    region: str

    @property
    def account(self) -> str:
        """The account of the caller."""
        return self.principal.account


class StackSets:
    """All stack sets of all administrator accounts and Regions."""

    def __init__(
        self,
        organization: Organization,
        timeline: Timeline,
        settings: Settings,
        effects: Effects,
        ended: Callable[[StackSet, Operation], None],
    ) -> None:
        self.organization = organization
        self.timeline = timeline
        self.settings = settings
        self.access = "ENABLED"
        self._effects = effects
        self._announce = ended
        self._sets: dict[tuple[str, str], dict[str, StackSet]] = {}
        self._runners: dict[tuple[str, str], Runner] = {}
        self._slots = Slots(
            settings.max_concurrent_instances, settings.max_concurrent_per_stack_set
        )

    def __iter__(self) -> Iterator[StackSet]:
        for sets in self._sets.values():
            yield from sets.values()

    def owner(self, caller: Caller, params: Mapping[str, Any]) -> str:
        """Return the account whose stack sets the caller means.

        Raises:
            ApiError: ValidationError, if the caller says DELEGATED_ADMIN and is none.
        """
        if params.get("CallAs", "SELF") != "DELEGATED_ADMIN":
            return caller.account
        if not self.organization.is_delegate(caller.account):
            raise errors.validation(NOT_DELEGATE)
        return self.organization.management_account_id

    def check_service_managed(self, caller: Caller, params: Mapping[str, Any]) -> None:
        """Refuse a service-managed operation that this caller may not begin."""
        management = self.organization.management_account_id
        if self.owner(caller, params) != management:
            raise errors.validation(NOT_ADMIN)
        if self.access != "ENABLED":
            raise errors.validation(NOT_ENABLED)

    def all_of(self, caller: Caller, params: Mapping[str, Any]) -> list[StackSet]:
        """Return the stack sets that the caller sees, deleted ones included."""
        owner = self.owner(caller, params)
        sets = self._sets.get((owner, caller.region), {}).values()
        if params.get("CallAs") == "DELEGATED_ADMIN":
            return [each for each in sets if each.permission_model == "SERVICE_MANAGED"]
        return list(sets)

    def find(self, caller: Caller, params: Mapping[str, Any], *, deleted: bool = False) -> StackSet:
        """Return the stack set named (name, id or ARN); a deleted one only by its id.

        Raises:
            ApiError: StackSetNotFoundException.
        """
        name = params["StackSetName"]
        key = name.split(":stackset/", 1)[-1]
        for each in self.all_of(caller, params):
            by_id = key == each.id
            if by_id and (deleted or each.status == "ACTIVE"):
                return each
            if key == each.name and each.status == "ACTIVE":
                return each
        raise errors.stack_set_not_found(name)

    def add(self, stack_set: StackSet) -> None:
        """Keep a new stack set."""
        self._sets.setdefault((stack_set.owner, stack_set.region), {})[stack_set.id] = stack_set

    def known(self, stack_set: StackSet, params: Mapping[str, Any]) -> Operation | None:
        """Return the operation that this call began before, if it is a repetition.

        Raises:
            ApiError: OperationIdAlreadyExistsException, if the same id comes with another
                request (or whenever the settings say so).
        """
        operation = stack_set.operations.get(params.get("OperationId", ""))
        if operation is None:
            return None
        same = operation.digest == digest_of(params)
        if same and self.settings.duplicate_operation_id == "return":
            return operation
        message = f"Operation {operation.id} already exists"
        raise ApiError("OperationIdAlreadyExistsException", message, 409)

    def check_free(self, stack_set: StackSet) -> None:
        """Refuse an operation while another one runs, unless managed execution queues it.

        Raises:
            ApiError: OperationInProgressException, or LimitExceededException for the queue.
        """
        running = stack_set.running
        if running and not stack_set.managed_execution:
            raise errors.operation_in_progress(stack_set.arn)
        queued = sum(each.status == "QUEUED" for each in running)
        if queued >= self.settings.max_queued_operations:
            raise errors.limit_exceeded("Too many queued operations")

    def begin(
        self,
        stack_set: StackSet,
        action: str,
        instances: list[StackInstance],
        params: Mapping[str, Any],
        *,
        by_instances: bool = False,
    ) -> Operation:
        """Begin an operation on ``instances`` (or queue it) and return it."""
        now = self.timeline.now()
        number = len(stack_set.operations)
        operation = Operation(
            id=params.get("OperationId") or _uuid(stack_set.id, action, str(number)),
            number=number,
            action=action,
            created=now,
            preferences=dict(params.get("OperationPreferences") or {}),
            results={i.pair: _pending(i) for i in instances},
            region_order=self._region_order(instances, params),
            targets=params.get("DeploymentTargets"),
            overrides=params.get("ParameterOverrides"),
            retain_stacks=params.get("RetainStacks"),
            administration_role_arn=stack_set.administration_role_arn,
            execution_role_name=stack_set.execution_role_name,
            digest=digest_of(params),
            automatic=bool(params.get("Automatic")),
            by_instances=by_instances,
        )
        stack_set.operations[operation.id] = operation
        self._start_or_queue(stack_set, operation)
        return operation

    def stop(self, stack_set: StackSet, operation: Operation) -> None:
        """Stop an operation: nothing new begins, what runs is awaited."""
        if operation.status == "QUEUED":
            self._runners[stack_set.id, operation.id] = self._runner(stack_set, operation)
        self._runners[stack_set.id, operation.id].stop()

    def release(self, stack_set: StackSet, pair: tuple[str, str]) -> None:
        """End a stuck stack instance of ``stack_set``."""
        for operation in stack_set.running:
            runner = self._runners.get((stack_set.id, operation.id))
            if runner is not None:
                runner.release(pair)

    def _region_order(self, instances: list[StackInstance], params: Mapping[str, Any]) -> list[str]:
        present = dict.fromkeys(params.get("Regions") or ())
        present.update(dict.fromkeys(sorted({each.region for each in instances})))
        wanted = (params.get("OperationPreferences") or {}).get("RegionOrder") or []
        rest = [region for region in present if region not in wanted]
        first = self.settings.region_order_rest == "before"
        return [*rest, *wanted] if first else [*wanted, *rest]

    def _start_or_queue(self, stack_set: StackSet, operation: Operation) -> None:
        # With anything running or queued, all incoming operations are queued first,
        # even those that conflict with nothing.
        if any(each is not operation for each in stack_set.running):
            operation.status = "QUEUED"
            self.timeline.at(self.timeline.now(), lambda: self._start_queued(stack_set))
        else:
            self._start(stack_set, operation)

    def _start(self, stack_set: StackSet, operation: Operation) -> None:
        for pair in operation.results:
            if pair in stack_set.instances:
                stack_set.instances[pair].last_operation_id = operation.id
        runner = self._runner(stack_set, operation)
        self._runners[stack_set.id, operation.id] = runner
        runner.start()

    def _runner(self, stack_set: StackSet, operation: Operation) -> Runner:
        return Runner(
            stack_set,
            operation,
            effects=self._effects,
            timeline=self.timeline,
            settings=self.settings,
            slots=self._slots,
            ended=self._ended,
        )

    def _ended(self, stack_set: StackSet, operation: Operation) -> None:
        del self._runners[stack_set.id, operation.id]
        self._announce(stack_set, operation)
        self._start_queued(stack_set)

    def _start_queued(self, stack_set: StackSet) -> None:
        ahead: list[Operation] = []
        for operation in stack_set.running:
            free = not any(self._conflict(operation, other) for other in ahead)
            if operation.status == "QUEUED" and free:
                self._start(stack_set, operation)
            ahead.append(operation)

    def _conflict(self, one: Operation, other: Operation) -> bool:
        if self.settings.conflicting_operations == "any":
            return True
        return not one.results.keys().isdisjoint(other.results)


def digest_of(params: Mapping[str, Any]) -> str:
    """Return what tells one request from another, apart from its OperationId."""
    rest = {key: value for key, value in params.items() if key != "OperationId"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()


def _pending(instance: StackInstance) -> Result:
    return Result(account=instance.account, region=instance.region, unit_id=instance.unit_id)


def _uuid(*parts: str) -> str:
    text = derive(32, *parts, alphabet="0123456789abcdef")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
