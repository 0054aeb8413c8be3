"""The effects of an operation on one stack instance: create, update, delete, and their failures.

Keeps the instance's status; the stack itself is the deployer's.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from orgrollout.sandbox.errors import DeploymentError
from orgrollout.sandbox.faults.rules import Faults, InstanceFault
from orgrollout.sandbox.moto.stack_states import StackStates
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.records import (
    Definition,
    Operation,
    Pair,
    ResourceDrift,
    Result,
    StackInstance,
    StackSet,
)
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets.operation_runner import Attempt
from orgrollout.sandbox.timeline import Timeline

SUSPENDED = "SKIPPED_SUSPENDED_ACCOUNT"
SUSPENDED_REASON = (
    "This account is suspended. To remove this instance from the stack set, run "
    "DeleteStackInstances with the RetainStacks parameter."
)
"""As it was seen on AWS (ansible-collections/community.aws#2358, #2359)."""


class Deployer(Protocol):
    """Makes and unmakes the stacks of stack instances."""

    def create(
        self, name: str, pair: Pair, definition: Definition, values: Mapping[str, str], /
    ) -> str:
        """Return the id of a new stack."""

    def update(self, stack_id: str, definition: Definition, values: Mapping[str, str], /) -> None:
        """Bring a stack to a definition; nothing to change is a success."""

    def roll_back(self, stack_id: str, /) -> None:
        """Note that an update failed and was undone."""

    def delete(self, stack_id: str, /) -> None:
        """Delete a stack and its resources."""

    def take_in(self, stack_id: str, /) -> None:
        """Make a stack that was created directly the stack of a stack instance."""

    def is_there(self, stack_id: str, /) -> bool:
        """Return whether the stack exists (a person may have deleted it)."""

    def drifts(self, stack_id: str, /, *, by_stack_set: bool = True) -> tuple[ResourceDrift, ...]:
        """Compare a stack's resources with its template."""


class InstanceEffects:
    """Carries out what operations ask for, one stack instance at a time."""

    def __init__(
        self,
        *,
        organization: Organization,
        deployer: Deployer,
        faults: Faults,
        settings: Settings,
        timeline: Timeline,
        obstacle: Callable[[StackSet, Pair], str | None],
        gate: Callable[[Pair], tuple[str, str]],
        states: StackStates,
    ) -> None:
        self._organization = organization
        self._deployer = deployer
        self._faults = faults
        self._settings = settings
        self._timeline = timeline
        self._obstacle = obstacle
        self._gate = gate
        self._states = states
        self._met: dict[tuple[str, Pair], InstanceFault] = {}

    def begin(self, stack_set: StackSet, operation: Operation, result: Result) -> Attempt:
        """Mark the instance as being worked on; suspended accounts are skipped."""
        pair = (result.account, result.region)
        instance = self._present(stack_set, operation, result)
        if instance is None:
            return Attempt()
        detecting = operation.action == "DETECT_DRIFT"
        account = self._organization.accounts.get(result.account)
        if account is not None and account.state not in ("ACTIVE", "PENDING_ACTIVATION"):
            if operation.action == "DELETE" and self._goes(operation, instance):
                return Attempt()
            self._skip(instance, result, detecting=detecting)
            return Attempt(skipped=True)
        if not detecting:
            instance.detailed_status = "RUNNING"
        fault = self._faults.for_instance(stack_set.name, operation.action, *pair)
        if fault is None:
            return Attempt()
        if fault.reason:
            self._met[stack_set.id, pair] = fault
        return Attempt(stuck=fault.stuck, delay=fault.delay)

    def _goes(self, operation: Operation, instance: StackInstance) -> bool:
        """Return whether a stack instance is taken off the list of a suspended account."""
        # RetainStacks is AWS's own cure (repost.aws: remove a StackSet with a suspended account).
        match self._settings.suspended_delete:
            case "with_retain":
                return bool(operation.retain_stacks)
            case "remove_record":
                return bool(operation.retain_stacks) or instance.stack_id is None
            case _:
                return False

    def _present(
        self, stack_set: StackSet, operation: Operation, result: Result
    ) -> StackInstance | None:
        # An operation that was queued may find that another one deleted its instance.
        pair = (result.account, result.region)
        if pair not in stack_set.instances and operation.action == "CREATE":
            made = StackInstance(account=pair[0], region=pair[1], unit_id=result.unit_id)
            made.overrides = merged_overrides({}, operation.overrides or [])
            made.last_operation_id = operation.id
            stack_set.instances[pair] = made
        return stack_set.instances.get(pair)

    def _skip(self, instance: StackInstance, result: Result, *, detecting: bool) -> None:
        result.status, result.skipped = self._settings.skipped_result, True
        result.reason = SUSPENDED_REASON
        if not detecting:
            instance.status = self._settings.skipped_status
            instance.detailed_status, instance.reason = SUSPENDED, SUSPENDED_REASON

    def cancel(self, stack_set: StackSet, operation: Operation, pair: Pair, reason: str) -> None:
        """Mark the instance as left out."""
        instance = stack_set.instances.get(pair)
        if instance is None or operation.action == "DETECT_DRIFT":
            return
        if instance.status != "INOPERABLE":
            instance.status = "OUTDATED"
        instance.detailed_status, instance.reason = "CANCELLED", reason or None

    def finish(self, stack_set: StackSet, operation: Operation, result: Result) -> bool:
        """Do the work; tell whether it succeeded."""
        pair = (result.account, result.region)
        instance = stack_set.instances.get(pair)
        if instance is None:
            gone = operation.action != "DELETE"
            result.reason = "Stack instance does not exist" if gone else None
            return not gone
        try:
            if operation.action == "DETECT_DRIFT":
                return self._detect(stack_set, operation, instance, result)
            self._refuse(stack_set, pair, result)
            self._apply(stack_set, operation, instance)
        except Exception as error:  # noqa: BLE001 - an operation ends, whatever happens
            result.reason = reason_of(error)
            if not isinstance(error, DeploymentError):
                self._timeline.record(f"{operation.action} in {'/'.join(pair)}", error)
            if operation.action == "DETECT_DRIFT":
                instance.drift_status = "UNKNOWN"
            else:
                self._failed(operation, instance, result.reason)
            return False
        return True

    def _refuse(self, stack_set: StackSet, pair: Pair, result: Result) -> None:
        fault = self._met.pop((stack_set.id, pair), None)
        result.gate = self._gate(pair)
        if result.gate[0] == "FAILED":
            raise DeploymentError("AccountGate check failed")
        reason = fault.reason if fault is not None else self._obstacle(stack_set, pair)
        if reason:
            raise DeploymentError(reason)

    def _apply(self, stack_set: StackSet, operation: Operation, instance: StackInstance) -> None:
        self._check_idle(instance)
        if operation.action == "DELETE":
            self._delete(stack_set, operation, instance)
            return
        definition = self._definition(stack_set, operation, instance)
        stored = self._overrides(operation, instance)
        values = {**definition.parameters, **stored}
        pair = instance.pair
        if pair in operation.imported:
            self._import(operation.imported[pair], instance)
        elif instance.stack_id is None or not self._deployer.is_there(instance.stack_id):
            instance.stack_id = None
            instance.stack_id = self._deployer.create(stack_set.name, pair, definition, values)
            instance.stack_created, instance.stack_updated = self._timeline.now(), None
        else:
            self._deployer.update(instance.stack_id, definition, values)
            if (stored, definition.version) != (instance.overrides, instance.applied_version):
                instance.stack_updated = self._timeline.now()
                self._tell(instance.stack_id, "UPDATE_COMPLETE")
            if self._settings.update_resets_drift:
                instance.drift_status = "NOT_CHECKED"
        instance.overrides, instance.applied_version = stored, definition.version
        _succeeded(stack_set, instance, definition)

    def _check_idle(self, instance: StackInstance) -> None:
        stack_id = instance.stack_id
        running = self._states.in_progress(stack_id) if stack_id is not None else None
        if running is not None:
            raise DeploymentError(f"Stack:{stack_id} is in {running} state and can not be updated.")

    def _tell(self, stack_id: str, status: str, reason: str | None = None) -> None:
        """Bring what is known of a stack that was asked about up to date."""
        state = self._states.known(stack_id)
        if state is not None and state.in_progress is None:
            state.outcome = None
            state.tell(self._timeline.now(), status, reason)

    def _import(self, stack_id: str, instance: StackInstance) -> None:
        if not self._deployer.is_there(stack_id):
            raise DeploymentError(f"Stack with id {stack_id} does not exist")
        self._deployer.take_in(stack_id)
        instance.stack_id = stack_id

    def _definition(
        self, stack_set: StackSet, operation: Operation, instance: StackInstance
    ) -> Definition:
        keeps = self._settings.update_instances_definition == "previous"
        if keeps and operation.by_instances and instance.applied_version in stack_set.previous:
            return stack_set.previous[instance.applied_version]
        return stack_set.definition

    def _overrides(self, operation: Operation, instance: StackInstance) -> dict[str, str]:
        if operation.overrides is None or self._settings.overrides_stored == "at_start":
            return dict(instance.overrides)
        return merged_overrides(instance.overrides, operation.overrides)

    def _delete(self, stack_set: StackSet, operation: Operation, instance: StackInstance) -> None:
        if instance.stack_id is not None and not operation.retain_stacks:
            self._deployer.delete(instance.stack_id)
        del stack_set.instances[instance.pair]

    def _failed(self, operation: Operation, instance: StackInstance, reason: str) -> None:
        instance.reason = reason
        if operation.action == "DELETE":
            instance.status = instance.detailed_status = "INOPERABLE"
            return
        instance.status, instance.detailed_status = "OUTDATED", "FAILED"
        if instance.pair in operation.imported:
            instance.status, instance.detailed_status = "INOPERABLE", "FAILED_IMPORT"
        elif instance.stack_id is not None:
            self._roll_back(instance.stack_id, reason)

    def _roll_back(self, stack_id: str, reason: str) -> None:
        if self._states.in_progress(stack_id) is None:
            self._deployer.roll_back(stack_id)
            self._tell(stack_id, "UPDATE_ROLLBACK_COMPLETE", reason)

    def _detect(
        self, stack_set: StackSet, operation: Operation, instance: StackInstance, result: Result
    ) -> bool:
        fault = self._met.pop((stack_set.id, instance.pair), None)
        if instance.stack_id is None or fault is not None:
            missing = "Stack does not exist, so that its drift cannot be detected"
            result.reason = fault.reason if fault is not None else missing
            instance.drift_status = "UNKNOWN"
            return False
        drifts = self._deployer.drifts(instance.stack_id)
        drifted = any(each.is_drifted for each in drifts)
        instance.drift_status = "DRIFTED" if drifted else "IN_SYNC"
        instance.resource_drifts = drifts
        instance.drift_checked = self._timeline.now()
        instance.drift_operation_id = operation.id
        return True


def reason_of(error: Exception) -> str:
    """Return why a stack instance failed; a fault of the sandbox itself looks like one of AWS."""
    if isinstance(error, DeploymentError):
        return str(error)
    return f"Internal Failure: {type(error).__name__}: {error}"


def _succeeded(stack_set: StackSet, instance: StackInstance, definition: Definition) -> None:
    newest = definition.version == stack_set.definition.version
    instance.status = "CURRENT" if newest else "OUTDATED"
    instance.detailed_status, instance.reason = "SUCCEEDED", None


def merged_overrides(
    stored: Mapping[str, str], given: list[dict[str, str | bool]]
) -> dict[str, str]:
    """Return the overrides after a list was sent: it replaces all; UsePreviousValue keeps."""
    merged = {}
    for each in given:
        key = str(each["ParameterKey"])
        if not each.get("UsePreviousValue"):
            merged[key] = str(each.get("ParameterValue", ""))
        elif key in stored:
            merged[key] = stored[key]
    return merged
