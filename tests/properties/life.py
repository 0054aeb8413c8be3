"""Events in an organization between two plans: by us, by others, and by AWS."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair, RolloutId
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.model.instance_state import InstanceState
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.rollouts import Rollout, give_order
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import Picture, look, plan_from
from orgrollout.rollout.coverage import CoverageRow, cover_stack_set
from orgrollout.rollout.decide.operator_commands import stop
from orgrollout.sandbox import Sandbox
from tests.properties.variants import REGIONS, Step, Variant
from tests.stage import TOPIC, TOPICS, Stage

LAG = timedelta(seconds=90)  # of the sandbox's lists, where they lag
LONG_LAG = timedelta(minutes=14)  # just below the time that the inventory looks back
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
NAME = "base-topics"
QUICK: Mapping[str, Any] = {"median_duration": timedelta(seconds=20), "deploy_resources": False}
EVERY_ACCOUNT = 1_000  # departures are allowed: the lives here test other events
DENIED = "User: x is not authorized to perform: sns:CreateTopic with an explicit deny"
ALL_AT_ONCE: Any = {
    "MaxConcurrentPercentage": 100,
    "FailureTolerancePercentage": 100,
    "RegionConcurrencyType": "PARALLEL",
}


Planned = tuple[Plan, dict[Pair, InstanceState]] | tuple[str, ...]


@dataclass
class Life:
    """A stage on which things happen, each by its name in ``steps``."""

    stage: Stage
    variant: Variant = field(default_factory=Variant)
    joined: int = 0
    fresh: int = 0
    lag: timedelta = LAG

    @property
    def sandbox(self) -> Sandbox:
        """Return where it all happens."""
        return self.stage.sandbox

    def happen(self, step: Step) -> None:
        """Let one event happen; an event that AWS or a plan refuses has no effect."""
        name, arguments = step
        action: Callable[..., object] = getattr(self, name)
        with suppress(ClientError, PlanRefusedError):
            action(*arguments)

    # --- by us

    def apply(self, variant: Variant) -> Rollout:
        """Plan and apply as far as possible, and supersede any rollout begun before."""
        return self.stage.finish(self._begin(variant))

    def plan(self, variant: Variant) -> None:
        """Read and remember the inventory, at any moment."""
        self.variant = variant
        self.picture()

    def begin_and_stop(self, variant: Variant, ticks: int) -> None:
        """Begin a rollout and stop it on its way."""
        rollout = self._begin(variant)
        for _ in range(ticks):
            self.stage.step(rollout)
        if not self.stage.load(rollout).state.phase.is_over:
            give_order(self.stage.context().journal, rollout, lambda r: stop(r.state))
            self.stage.finish(rollout)

    def _begin(self, variant: Variant) -> RolloutId:
        self.variant = variant
        plan = self.stage.plan(variant.manifest(), allow_departed=EVERY_ACCOUNT)
        return begin_rollout(plan, self.stage.context(), supersede=True).state.id

    def fail(self, account: str, times: int) -> None:
        """Let the next change in an account fail."""
        if account in self.sandbox.organization.accounts:
            self.sandbox.fail(account, times=times, stack_set=NAME, reason=DENIED)

    def repair(self) -> None:
        """Let nothing fail any more, and let others end."""
        self.sandbox.simulation.faults.instances.clear()
        self.let_others_end()

    def let_others_end(self) -> None:
        """Let operations of others end and be listed."""
        self.sandbox.run_to_end()
        self.wait_until_listed()

    # --- by others

    def their_create(self, accounts: Any, regions: Any, values: Mapping[str, str]) -> None:
        self._theirs().create_stack_instances(
            StackSetName=NAME,
            DeploymentTargets=self._targets(accounts),
            Regions=regions,
            ParameterOverrides=_parameters(values),
            OperationPreferences=ALL_AT_ONCE,
        )

    def their_update(self, accounts: Any, regions: Any, values: Mapping[str, str]) -> None:
        self._theirs().update_stack_instances(
            StackSetName=NAME,
            DeploymentTargets=self._targets(accounts),
            Regions=regions,
            ParameterOverrides=_parameters(values),
            OperationPreferences=ALL_AT_ONCE,
        )

    def their_delete(self, accounts: Any, regions: Any, retain: Any) -> None:
        self._theirs().delete_stack_instances(
            StackSetName=NAME,
            DeploymentTargets=self._targets(accounts),
            Regions=regions,
            RetainStacks=retain,
            OperationPreferences=ALL_AT_ONCE,
        )

    def their_definition(self, suffix: str, accounts: Any, regions: Any) -> None:
        more: dict[str, Any] = {}
        if accounts is not None:
            more = {"DeploymentTargets": self._targets(accounts), "Regions": regions}
        self._theirs().update_stack_set(
            StackSetName=NAME,
            UsePreviousTemplate=True,
            Parameters=_parameters({"Suffix": suffix, "Other": "b"}),
            OperationPreferences=ALL_AT_ONCE,
            **more,
        )

    def detect_drift(self) -> None:
        self._theirs().detect_stack_set_drift(StackSetName=NAME, OperationPreferences=ALL_AT_ONCE)

    def auto_deploy(self, enabled: Any) -> None:
        setting = {"Enabled": enabled, "RetainStacksOnAccountRemoval": False}
        self._theirs().update_stack_set(
            StackSetName=NAME,
            UsePreviousTemplate=True,
            AutoDeployment=setting if enabled else {"Enabled": False},
        )

    def start_again(self) -> None:
        """Delete the stack set with all it has, and make it again, empty."""
        client = self._theirs()
        self.sandbox.run_to_end()
        there = self.sandbox.stack_set(NAME)
        if there.instances:
            client.delete_stack_instances(
                StackSetName=NAME,
                DeploymentTargets={"OrganizationalUnitIds": [self._root]},
                Regions=REGIONS,
                RetainStacks=False,
                OperationPreferences=ALL_AT_ONCE,
            )
            self.sandbox.run_to_end()
        client.delete_stack_set(StackSetName=NAME)
        client.create_stack_set(
            StackSetName=NAME,
            TemplateBody=TOPIC,
            PermissionModel="SERVICE_MANAGED",
            AutoDeployment={"Enabled": False},
        )

    # --- by itself

    def move(self, account: str, unit: str) -> None:
        if account in self.sandbox.organization.accounts:
            self.sandbox.move(account, unit)

    def join(self, unit: str) -> None:
        self.joined += 1
        self.sandbox.add_account(f"new{self.joined}", unit)

    def leave(self, account: str) -> None:
        if account in self.sandbox.organization.accounts:
            self.sandbox.leave(account)

    def suspend(self, account: str) -> None:
        if account in self.sandbox.organization.accounts:
            self.sandbox.suspend(account)

    def close(self, account: str) -> None:
        if account in self.sandbox.organization.accounts:
            self.sandbox.close(account)

    def tag(self, account: str, tier: str) -> None:
        if account in self.sandbox.organization.accounts:
            self.sandbox.organization.accounts[account].tags = {"tier": tier} if tier else {}

    def wait(self, seconds: int) -> None:
        self.sandbox.clock.sleep(timedelta(seconds=seconds))

    # --- reading

    @property
    def is_listed(self) -> bool:
        """Return whether all that others did is long enough ago to be in AWS's lists."""
        self.sandbox.settle()
        theirs = [
            operation.created
            for operation in self.sandbox.stack_set(NAME).operations.values()
            if not operation.id.startswith("or-")
        ]
        return self.sandbox.clock.now() - max(theirs, default=_LONG_AGO) > self.lag

    def wait_until_listed(self) -> None:
        """Let time pass until that is so."""
        while not self.is_listed:
            self.wait(10)

    def picture(self, *, drift: bool = False, remembering: bool = True) -> Picture:
        """Return desired and deployed state, with the remembered inventory or a new journal."""
        journal = "journal.sqlite"
        if not remembering:
            self.fresh += 1
            journal = f"fresh{self.fresh}.sqlite"
        loaded = load_manifest(self.stage._write(self.variant.manifest()))
        return look(loaded, self.stage.context(journal), lambda _: None, drift=drift)

    def plan_of(self, picture: Picture) -> Planned:
        """Return the plan, or why there is none.

        What instances that go have run until then is left out, and so are the overrides of others:
        a plan tells them where they are known, and does nothing else with them.
        """
        loaded = load_manifest(self.stage._write(self.variant.manifest()))
        try:
            made = plan_from(loaded, picture, self.stage.context(), allow_departed=EVERY_ACCOUNT)
        except PlanRefusedError as error:
            return error.reasons
        planned = made.stack_sets[TOPICS]
        goes = {p for o, p, _ in made.changes() if o.action.removes}
        seen = planned.was
        plain = {**made.stack_sets, TOPICS: replace(planned, seen=(), described={})}
        return replace(made, stack_sets=plain), {p: w for p, w in seen.items() if p not in goes}

    def _theirs(self) -> Any:
        return self.sandbox.another_user().client("cloudformation")

    @property
    def _root(self) -> str:
        return self.sandbox.organization.find("/")

    def _targets(self, accounts: Any) -> Any:
        return {
            "OrganizationalUnitIds": [self._root],
            "Accounts": list(accounts),
            "AccountFilterType": "INTERSECTION",
        }


def ledger(picture: Picture) -> list[CoverageRow]:
    """Return the coverage of the stack set."""
    desired: DesiredStackSet = picture.desired.stack_sets[TOPICS]
    inventory = picture.inventory.stack_sets.get(desired.name)
    return sorted(cover_stack_set(desired, inventory, None), key=lambda row: row.pair)


def pairs_in(picture: Picture) -> set[Pair]:
    """Return the deployed pairs of the picture."""
    inventory = picture.inventory.stack_sets.get(picture.desired.stack_sets[TOPICS].name)
    return set(inventory.instances) if inventory else set()


def _parameters(values: Mapping[str, str]) -> list[Any]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
