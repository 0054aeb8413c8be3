"""The stacks of stack instances, as they are found inside of accounts.

A stack is moto's, or, where only records matter, made up from the record of its instance at
the moment of the question, so that nothing is kept per stack.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.moto.stack_states import StackState, StackStates
from orgrollout.sandbox.moto.stacks import MotoStacks
from orgrollout.sandbox.records import Definition, ResourceDrift, StackInstance, StackSet
from orgrollout.sandbox.stack_sets.service import StackSets
from orgrollout.sandbox.templates import parse_template

MASK = "****"


@dataclass(frozen=True, slots=True)
class RecordStack:
    """A stack that exists only as the record of its instance."""

    stack_set: StackSet
    instance: StackInstance

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return str(self.instance.stack_id)

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.stack_id.split("/")[1]

    @property
    def account_id(self) -> str:
        """Its account."""
        return self.instance.account

    @property
    def region_name(self) -> str:
        """Its Region."""
        return self.instance.region

    @property
    def _definition(self) -> Definition:
        applied = self.instance.applied_version
        newest = self.stack_set.definition
        return newest if applied == newest.version else self.stack_set.previous.get(applied, newest)

    @property
    def template(self) -> str:
        """The template it was deployed with."""
        return self._definition.template_body

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters it was deployed with."""
        return {**self._definition.parameters, **self.instance.overrides}

    @property
    def tags(self) -> dict[str, str]:
        """The tags it was deployed with."""
        return self._definition.tags

    @property
    def status(self) -> str:
        """The state after the last operation of the stack set."""
        if self.instance.detailed_status == "FAILED":
            return "UPDATE_ROLLBACK_COMPLETE"
        return "UPDATE_COMPLETE" if self.instance.stack_updated else "CREATE_COMPLETE"

    def compared(self, body: str, values: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Return nothing, since the same template with the same values changes nothing.

        Raises:
            ApiError: It would be another template or other values.
        """
        same = effective_parameters(body, values) == effective_parameters(body, self.parameters)
        if body != self.template or not same:
            raise validation("The sandbox changes stacks that are mere records by stack sets only.")
        return []


def declared_parameters(body: str) -> Mapping[str, Any]:
    """Return the parameters of a template; a stack in review has none yet."""
    return (parse_template(body).get("Parameters") or {}) if body else {}


def effective_parameters(body: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return every parameter of a template with its value or default."""
    declared = declared_parameters(body)
    found = {key: values.get(key, each.get("Default", "")) for key, each in declared.items()}
    return {key: str(value) for key, value in found.items()}


def masked(body: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return parameters as they are told: NoEcho ones as asterisks."""
    declared = declared_parameters(body)
    secret = {k for k, each in declared.items() if str(each.get("NoEcho")).lower() == "true"}
    return {key: MASK if key in secret else value for key, value in values.items()}


class LiveStacks:
    """Finds the stacks of stack instances and tells how they stand."""

    def __init__(self, stacks: MotoStacks, sets: StackSets, states: StackStates) -> None:
        self.deployed = stacks
        self.states = states
        self._sets = sets

    def find(self, account: str, region: str, name: str) -> Any:
        """Return a stack by name or id; None if there is none."""
        found = self.deployed.find(account, region, name)
        if found is None and self.deployed.records_only:
            all_records = self.records(account, region)
            found = next((s for s in all_records if name in (s.stack_id, s.name)), None)
        return found

    def records(self, account: str, region: str) -> Iterator[RecordStack]:
        """Yield the stacks that are mere records."""
        if not self.deployed.records_only:
            return
        for stack_set in self._sets:
            instance = stack_set.instances.get((account, region))
            if instance is not None and instance.stack_id is not None:
                yield RecordStack(stack_set, instance)

    def owner(self, stack: Any) -> tuple[StackSet, StackInstance] | None:
        """Return the stack set and instance of a stack; None once it is detached."""
        pair = (stack.account_id, stack.region_name)
        for stack_set in self._sets:
            instance = stack_set.instances.get(pair)
            if instance is not None and instance.stack_id == stack.stack_id:
                return stack_set, instance
        return None

    def state(self, stack: Any) -> StackState:
        """Return what was done to a stack directly, to be changed."""
        return self.states.of(stack.stack_id)

    def in_progress(self, stack: Any) -> str | None:
        """Return the status of the update that runs on a stack, no matter who began it."""
        direct = self.states.in_progress(stack.stack_id)
        owner = self.owner(stack)
        if direct is None and owner is not None and owner[1].detailed_status == "RUNNING":
            return "UPDATE_IN_PROGRESS"
        return direct

    def status(self, stack: Any) -> str:
        """Return the status of a stack."""
        running = self.in_progress(stack)
        if running is not None:
            return running
        state = self.states.known(stack.stack_id)
        if state is not None and state.outcome and isinstance(stack, RecordStack):
            return state.outcome
        return str(stack.status)

    def created(self, stack: Any) -> datetime:
        """Return when a stack was created."""
        if isinstance(stack, RecordStack):
            return stack.instance.stack_created or self._sets.timeline.now()
        created: datetime = stack.creation_time
        return created

    def updated(self, stack: Any) -> datetime | None:
        """Return when a stack was updated last, by its stack set or directly."""
        state = self.states.known(stack.stack_id)
        of_record = isinstance(stack, RecordStack)
        by_set = stack.instance.stack_updated if of_record else getattr(stack, "updated", None)
        directly = state.updated if state is not None else None
        moments: list[datetime] = [each for each in (by_set, directly) if each is not None]
        return max(moments, default=None)

    def finish(self, stack: Any, status: str) -> None:
        """End an update that ran on a stack directly."""
        state = self.state(stack)
        state.in_progress, state.outcome = None, status
        state.updated = self._sets.timeline.now()
        if not isinstance(stack, RecordStack):
            stack.status = status

    def compared(
        self, stack: Any, body: str, values: Mapping[str, str]
    ) -> list[tuple[str, str, str]]:
        """Return what an update of a stack would do: (action, logical id, type).

        Raises:
            ApiError: It is a mere record, and it would be another template or other values.
            DeploymentError: The template cannot be carried out.
        """
        if isinstance(stack, RecordStack):
            return stack.compared(body, values)
        return self.deployed.compared(stack, body, values)

    def drifts(self, stack: Any) -> tuple[ResourceDrift, ...]:
        """Compare a stack's resources with its template, as the account itself sees them."""
        found = self.deployed.drifts(stack.stack_id, by_stack_set=False)
        if not isinstance(stack, RecordStack):
            return found
        drifted = {each.logical_id for each in found}
        resources = parse_template(stack.template)["Resources"].items()
        return (*found, *(_in_sync(k, r) for k, r in resources if k not in drifted))


def _in_sync(key: str, resource: Mapping[str, Any]) -> ResourceDrift:
    kind = str(resource["Type"])
    return ResourceDrift(logical_id=key, physical_id=key, resource_type=kind, status="IN_SYNC")
