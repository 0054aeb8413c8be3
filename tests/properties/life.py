"""What may happen to an organization between two plans: by us, by others, and by itself."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import strategies as st

from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair
from orgrollout.organization.desired import Desired
from orgrollout.plan.plan import Plan
from orgrollout.plan.refusals import PlanRefusedError
from orgrollout.reconcile.planning import Picture, look, plan_from
from orgrollout.reconcile.rollouts import OpenRolloutError, Rollout, give_order
from orgrollout.rollout.coverage import Covered, cover_stack_set
from orgrollout.rollout.orders import stop
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, DEV, LAB, PROD, TOPIC, TOPICS, Stage

LAG = timedelta(seconds=90)  # of the sandbox's lists, where they lag
LONG_LAG = timedelta(minutes=14)  # just below what the inventory looks back
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
ACCOUNTS = (*PROD, *DEV, *LAB)
UNNAMED = PROD[3:]  # no manifest says their ids, so that they may leave
REGIONS = ("us-east-1", "eu-west-1")
NAME = "base-topics"
QUICK: Mapping[str, Any] = {"median_duration": timedelta(seconds=20), "deploy_resources": False}
DENIED = "User: x is not authorized to perform: sns:CreateTopic with an explicit deny"
ALL_AT_ONCE: Any = {
    "MaxConcurrentPercentage": 100,
    "FailureTolerancePercentage": 100,
    "RegionConcurrencyType": "PARALLEL",
}


@dataclass(frozen=True)
class Wish:
    """What a manifest says, as far as it varies."""

    units: tuple[str, ...] = ("/Prod", "/Dev")
    excluded: tuple[str, ...] = ()
    regions: tuple[str, ...] = REGIONS
    suffix: str = "a"
    special: str = ""  # an account with parameters of its own
    waves: bool = False

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; removals are allowed, since they are what may happen."""
        made = deepcopy(BASE)
        exclude = [{"accounts": [a], "reason": "not now"} for a in self.excluded]
        made["targets"] = {"include": [{"organizational_units": list(self.units)}]}
        made["targets"].update({"exclude": exclude} if exclude else {})
        made["regions"] = list(self.regions)
        made["guards"] = {"max_removed_accounts": 100, "on_empty_targets": "ok"}
        topics = made["stack_sets"]["topics"]
        topics["adopt"] = True  # somebody may have made it again
        topics["parameters"] = {"Suffix": self.suffix}
        if self.special:
            where = {"accounts": [self.special]}
            topics["parameter_overrides"] = [{"targets": where, "parameters": {"Other": "own"}}]
        if self.waves:
            made["rollout"] = {"waves": [{"name": "canary", "percent": 20}]}
        return made


wishes = st.builds(
    Wish,
    units=st.sampled_from([("/Prod", "/Dev"), ("/Prod",), ("/Prod", "/Dev", "/Lab")]),
    excluded=st.sampled_from([(), (PROD[0],), (PROD[1], DEV[0])]),
    regions=st.sampled_from([REGIONS, REGIONS[:1]]),
    suffix=st.sampled_from(["a", "b"]),
    special=st.sampled_from(["", PROD[2], DEV[1]]),
    waves=st.booleans(),
)
_some = st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=4, unique=True).map(tuple)
_where = st.sampled_from([REGIONS, REGIONS[:1], REGIONS[1:]])
_values = st.sampled_from([{}, {"Other": "theirs"}, {"Other": "own"}])

Planned = tuple[Plan, dict[Pair, str]] | tuple[str, ...]
Step = tuple[str, tuple[Any, ...]]
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("apply"), st.tuples(wishes)),
    st.tuples(st.just("apply"), st.tuples(wishes)),
    st.tuples(st.just("begin_and_stop"), st.tuples(wishes, st.integers(1, 6))),
    st.tuples(st.just("fail"), st.tuples(st.sampled_from(PROD), st.integers(1, 5))),
    st.tuples(st.just("plan"), st.tuples(wishes)),
    st.tuples(st.just("their_create"), st.tuples(_some, _where, _values)),
    st.tuples(st.just("their_update"), st.tuples(_some, _where, _values)),
    st.tuples(st.just("their_delete"), st.tuples(_some, _where, st.booleans())),
    st.tuples(
        st.just("their_definition"),
        st.tuples(st.sampled_from(["a", "b", "c"]), st.none() | _some, _where),
    ),
    st.tuples(st.just("detect_drift"), st.just(())),
    st.tuples(st.just("auto_deploy"), st.tuples(st.booleans())),
    st.tuples(
        st.just("move"), st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(["/Dev", "/Lab"]))
    ),
    st.tuples(st.just("join"), st.tuples(st.sampled_from(["/Dev", "/Prod"]))),
    st.tuples(st.just("leave"), st.tuples(st.sampled_from(UNNAMED))),
    st.tuples(st.just("suspend"), st.tuples(st.sampled_from(UNNAMED))),
    st.tuples(st.just("start_anew"), st.just(())),
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([1, 30, 100, 1_000, 100_000]))),
)


@dataclass
class Life:
    """A stage on which things happen, each by its name in ``steps``."""

    stage: Stage
    wish: Wish = Wish()
    joined: int = 0
    fresh: int = 0
    lag: timedelta = LAG

    @property
    def sandbox(self) -> Sandbox:
        """Return where it all happens."""
        return self.stage.sandbox

    def happen(self, step: Step) -> None:
        """Let one thing happen; what AWS refuses did not happen."""
        name, arguments = step
        action: Callable[..., None] = getattr(self, name)
        with suppress(ClientError):
            action(*arguments)

    # --- by us

    def apply(self, wish: Wish) -> Rollout | None:
        """Plan and carry out, as far as it goes; None where that is refused."""
        self.wish = wish
        try:
            return self.stage.apply(wish.manifest())
        except (PlanRefusedError, OpenRolloutError):
            return None

    def plan(self, wish: Wish) -> None:
        """Look, and remember what was seen, at whatever moment this is."""
        self.wish = wish
        self.picture()

    def begin_and_stop(self, wish: Wish, ticks: int) -> None:
        """Begin a rollout and stop it on its way."""
        self.wish = wish
        try:
            rollout = self.stage.begin(wish.manifest())
        except (PlanRefusedError, OpenRolloutError):
            return
        for _ in range(ticks):
            self.stage.step(rollout)
        if not self.stage.load(rollout).state.phase.is_over:
            give_order(self.stage.world().journal, rollout, lambda r: stop(r.state))
            self.stage.finish(rollout)

    def fail(self, account: str, times: int) -> None:
        """Let what is done next in an account fail."""
        self.sandbox.fail(account, times=times, stack_set=NAME, reason=DENIED)

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

    def start_anew(self) -> None:
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

    def wait(self, seconds: int) -> None:
        self.sandbox.clock.sleep(timedelta(seconds=seconds))

    # --- what we see

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
        """Return what is wanted and there, with what is remembered or with a journal of its own."""
        journal = "journal.sqlite"
        if not remembering:
            self.fresh += 1
            journal = f"fresh{self.fresh}.sqlite"
        loaded = load_manifest(self.stage._write(self.wish.manifest()))
        return look(loaded, self.stage.world(journal), lambda _: None, drift=drift)

    def plan_of(self, picture: Picture) -> Planned:
        """Return the plan, or why there is none.

        What instances that go have run until then is left out, and so are the overrides of others:
        a plan tells them where they are known, and does nothing else with them.
        """
        loaded = load_manifest(self.stage._write(self.wish.manifest()))
        try:
            made = plan_from(loaded, picture, self.stage.world())
        except PlanRefusedError as error:
            return error.reasons
        planned = made.stack_sets[TOPICS]
        goes = {p for o, p, _ in made.changes() if o.action.removes}
        seen = {p: was for was, rs in planned.seen.items() for r in rs for p in r.pairs}
        plain = {**made.stack_sets, TOPICS: replace(planned, seen={}, described={})}
        return replace(made, stack_sets=plain), {p: w for p, w in seen.items() if p not in goes}

    def _theirs(self) -> Any:
        return self.sandbox.someone_else().client("cloudformation")

    @property
    def _root(self) -> str:
        return self.sandbox.organization.find("/")

    def _targets(self, accounts: Any) -> Any:
        return {
            "OrganizationalUnitIds": [self._root],
            "Accounts": list(accounts),
            "AccountFilterType": "INTERSECTION",
        }


def ledger(picture: Picture) -> list[Covered]:
    """Return the coverage of the stack set."""
    desired: Desired = picture.desired.stack_sets[TOPICS]
    inventory = picture.inventory.stack_sets.get(desired.name)
    return sorted(cover_stack_set(desired, inventory, None), key=lambda row: row.pair)


def pairs_in(picture: Picture) -> set[Pair]:
    """Return what is deployed, as the picture has it."""
    inventory = picture.inventory.stack_sets.get(picture.desired.stack_sets[TOPICS].name)
    return set(inventory.instances) if inventory else set()


def _parameters(values: Mapping[str, str]) -> list[Any]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
