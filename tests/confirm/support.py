"""Experiments in a sandbox, and what they leave there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.confirm.experiment import Finding
from orgrollout.confirm.registry import chosen
from orgrollout.model.ids import AccountId
from orgrollout.reconcile.confirm.ask import Role
from orgrollout.reconcile.confirm.ground import Wanted, new_run, read_ground
from orgrollout.reconcile.confirm.run import Outcome, left_by_earlier_runs, remove, run
from orgrollout.sandbox import Sandbox, Settings
from tests.stage import DEV, EU, US, organization

CANARY = DEV[0]
SUSPENDED = AccountId("200000000003")
ROLE = Role(name="OrganizationAccountAccessRole")
PREFIX = "orgrollout-confirm-"


@dataclass(frozen=True)
class Canary:
    """An organization with a canary account, to run experiments in."""

    sandbox: Sandbox

    def connection(self) -> Connection:
        """Return the connection of a new process."""
        return connect(clock=self.sandbox.clock)

    def run(self, *names: str, role: Role = ROLE) -> dict[str, Outcome]:
        """Run experiments, all where none is named, as a new process would."""
        connection = self.connection()
        wanted = Wanted(canary=CANARY, suspended=SUSPENDED, second_region=EU, by_role=True)
        # How long something takes in a sandbox follows from the names of stack sets.
        made = sum(call.operation == "CreateStackSet" for call in self.sandbox.calls)
        ground = replace(read_ground(wanted, connection, "SELF"), run=f"{made:08x}")
        outcomes = run(chosen(names), ground, connection, role, lambda _: None)
        return {each.finding.experiment.name: each for each in outcomes}

    def findings(self, *names: str) -> dict[str, Finding]:
        """Return the same without what was left."""
        return {name: each.finding for name, each in self.run(*names).items()}

    def clean(self) -> dict[str, str]:
        """Take away what earlier runs left, as a new process would; return what stays, and why."""
        connection = self.connection()
        names = left_by_earlier_runs(connection, "SELF")
        ended = remove(names, "SELF", new_run(), connection)
        return {name: why for name, why in ended if why}

    def left(self) -> list[str]:
        """Return everything in the organization that an experiment made, asked by boto3."""
        found = [*self._stack_sets()]
        for region in (US, EU):
            session = self.sandbox.session(CANARY, region)
            cloudformation, ssm = session.client("cloudformation"), session.client("ssm")
            stacks = cloudformation.describe_stacks()["Stacks"]
            found += [each["StackName"] for each in stacks if PREFIX in each["StackName"]]
            parameters = ssm.describe_parameters()["Parameters"]
            found += [each["Name"] for each in parameters if each["Name"].startswith(PREFIX)]
        return found

    def _stack_sets(self) -> Iterator[str]:
        client = self.sandbox.session().client("cloudformation")
        for each in client.list_stack_sets(Status="ACTIVE")["Summaries"]:
            if each["StackSetName"].startswith(PREFIX):
                yield each["StackSetName"]


@contextmanager
def canary(faults: Sequence[dict[str, Any]] = (), **settings: Any) -> Iterator[Canary]:
    """Give an organization that behaves as given."""
    chosen_settings = Settings(median_duration=timedelta(seconds=25), **settings)
    made = organization(faults=list(faults))
    with Sandbox.start(made, settings=chosen_settings) as sandbox:
        yield Canary(sandbox)
