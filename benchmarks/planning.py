"""How much CPU and memory planning takes for a large organization.

10,000 accounts in 500 organizational units, 17 Regions, four templates, in memory and without AWS,
with Python's collector told what `orgrollout plan` tells it:

    python -m benchmarks.planning [--accounts N] [--units N]

Two plans: a first one that creates everything, and one that updates everything, where the stack
instances were last changed by 50 different states. Each is written to a file and read again.

Prints the seconds of CPU per step, the size of the files and the peak memory of the process. Plans
and files are judged as multiples of the yardstick of the same run (`benchmarks/yardstick.py`). Ends
with 1 if one passes what is allowed for the size that is promised.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from benchmarks.yardstick import yardstick
from orgrollout.cli.actions.rollout.saved_plan import Options, read_saved, save_plan
from orgrollout.cli.options.groups import Narrow
from orgrollout.inventory.inventory import Inventory, StackSetInventory
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.regions import PARTITIONS, is_opt_in
from orgrollout.model.ids import AccountId, Region, RolloutId, UnitId, digest_of
from orgrollout.model.operation_id import OperationName
from orgrollout.model.stack_set import DeployedStackSet, InstanceStatus, StackInstance
from orgrollout.organization.desired import DesiredState
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit
from orgrollout.plan.build.request import Request
from orgrollout.plan.make_plan import make_plan
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.process.garbage_collection import rarely_collected
from orgrollout.rollout.ledger_then import ledger_then

T = TypeVar("T")

MAX_YARDSTICKS = 22.0
MAX_MEGABYTES = 600
HOME = Region("us-east-1")
NOW = datetime(2026, 7, 1, tzinfo=UTC)
REGIONS = sorted(r for r, p in PARTITIONS.items() if p == "aws" and not is_opt_in(r))
ORGANIZATION = "o-a1b2c3d4e5"

_STACK_SETS = ("account-roles", "config-regional", "flowlogs-remediation", "config-again")


def main() -> int:
    """Build, load, resolve, plan; print what each took."""
    arguments = _arguments()
    clock, before = Clock(), yardstick()
    organization = clock.step(
        "build", lambda: build_organization(arguments.accounts, arguments.units)
    )
    loaded = clock.step("load", load)
    desired = clock.step("resolve", lambda: resolve(loaded, organization))
    resolved = clock.last
    nothing = Inventory(stack_sets={})
    plan = clock.step("plan", lambda: plan_all(loaded, organization, desired, nothing))
    seconds = resolved + clock.last
    plan = remembering(clock, plan, organization, desired, nothing)
    files = through_a_file(clock, plan)
    everything = clock.step("deploy", lambda: deployed(desired))
    again = clock.step("again", lambda: plan_all(loaded, organization, desired, everything))
    if not again.is_empty:
        sys.exit("the second plan is not empty")
    changed = clock.step("outdate", lambda: outdated(everything))
    updates = clock.step("update", lambda: plan_all(loaded, organization, desired, changed))
    seconds = max(seconds, resolved + clock.last)
    updates = remembering(clock, updates, organization, desired, changed)
    files = max(files, through_a_file(clock, updates))
    return report(desired, plan, seconds, files, (before + yardstick()) / 2)


def remembering(
    clock: "Clock",
    plan: Plan,
    organization: Organization,
    desired: DesiredState,
    inventory: Inventory,
) -> Plan:
    """Return the plan as `apply` makes it, with how all stands."""
    made = rarely_collected()(ledger_then)
    ledger = clock.step("remember", lambda: made(organization, desired.stack_sets, inventory, NOW))
    return replace(plan, ledger=ledger)


def through_a_file(clock: "Clock", plan: Plan) -> float:
    """Write a plan to a file and read it; return the CPU, and end if it is not the same."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Options(manifest=Path(folder) / "large.plan", narrow=Narrow(), allow_removals=None)
        begun = clock.total
        clock.step("write", lambda: save_plan(asked.manifest, asked, plan))
        saved = clock.step("read", lambda: read_saved(asked))
        size = asked.manifest.stat().st_size
    if saved is None or saved.plan != plan:
        sys.exit("the plan that was read is not the one that was written")
    print(f"file     {size / 1e6:6.2f} MB for {plan.counts().total():,} changes")
    return clock.total - begun


def outdated(inventory: Inventory) -> Inventory:
    """Return the inventory with every stack instance in one of 50 states that nobody wants."""
    operations = [
        OperationName(RolloutId("large-1"), 1, 1, digest_of(n), digest_of(0)).id for n in range(50)
    ]
    found = {
        name: replace(
            stack_set,
            instances={
                pair: replace(instance, last_operation=operations[index % 50])
                for index, (pair, instance) in enumerate(stack_set.instances.items())
            },
        )
        for name, stack_set in inventory.stack_sets.items()
    }
    return Inventory(stack_sets=found)


@rarely_collected()
def plan_all(
    loaded: LoadedManifest,
    organization: Organization,
    desired: DesiredState,
    inventory: Inventory,
) -> Plan:
    """Return the plan for what is deployed."""
    return make_plan(
        Request(
            manifest=loaded.manifest,
            organization=organization,
            home_region=HOME,
            desired=desired.stack_sets,
            inventory=inventory,
        )
    )


@rarely_collected()
def resolve(loaded: LoadedManifest, organization: Organization) -> DesiredState:
    """Return what the manifest wants of the organization."""
    return desired_stack_sets(loaded, organization, home_region=HOME, now=NOW)


def deployed(desired: DesiredState) -> Inventory:
    """Return the inventory after everything was created by operations of ours."""
    found = {}
    for wanted in desired.stack_sets.values():
        operations = {
            chosen: OperationName(
                RolloutId("large-1"), 1, 1, wanted.definition.state_digest(overrides), digest_of(0)
            ).id
            for chosen, overrides in wanted.parameter_sets.items()
        }
        instances = {
            pair: StackInstance(
                pair=pair,
                status=InstanceStatus.CURRENT,
                detailed_status="SUCCEEDED",
                last_operation=operations[chosen],
            )
            for pair, chosen in wanted.pairs.items()
        }
        stack_set = DeployedStackSet(
            name=wanted.name, id=wanted.name, arn=wanted.name, definition=wanted.definition
        )
        found[wanted.name] = StackSetInventory(deployed=stack_set, instances=instances)
    return Inventory(stack_sets=found)


def report(desired: DesiredState, plan: Plan, seconds: float, files: float, measure: float) -> int:
    """Print the size, the slowest plan and the peak; return the exit code."""
    pairs = sum(len(stack_set.pairs) for stack_set in desired.stack_sets.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if _IS_MAC else 1 << 10)
    accounts = desired.accounts
    print(f"{accounts.total:,} accounts, {accounts.targeted:,} targeted, {pairs:,} pairs")
    print(f"{plan.counts().total():,} changes in {len(plan.operations)} operations")
    print(
        f"slowest  {seconds:6.2f} s of CPU, resolved and planned: "
        f"{seconds / measure:.1f} yardsticks"
    )
    print(f"file     {files:6.2f} s of CPU, written and read: {files / measure:.1f} yardsticks")
    print(f"         of {MAX_YARDSTICKS:.0f}; the yardstick took {measure:.2f} s of CPU")
    print(f"peak     {peak:6.0f} MB of {MAX_MEGABYTES} MB")
    return int(max(seconds, files) > MAX_YARDSTICKS * measure or peak > MAX_MEGABYTES)


_IS_MAC = sys.platform == "darwin"  # where the peak is in bytes and not in kilobytes


class Clock:
    """Measures the CPU of steps and prints it: other work on the machine changes little of it."""

    def __init__(self) -> None:
        self.total = 0.0
        self.last = 0.0

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, and print the CPU that it took."""
        begun = time.process_time()
        done = work()
        self.last = time.process_time() - begun
        self.total += self.last
        print(f"{name:<8} {self.last:6.2f} s")
        return done


def build_organization(accounts: int, units: int) -> Organization:
    """Return an organization: units four deep, a few accounts suspended, all of them tagged."""
    root = UnitId("r-root")
    tree = {root: Unit(id=root, name="Root", parent=None, path="/")}
    ids = [root]
    for index in range(units):
        parent = tree[ids[(index + 4) // 5]] if index else tree[root]
        name = f"Unit{index}"
        path = f"{parent.path.rstrip('/')}/{name}"
        unit = Unit(id=UnitId(f"ou-root-{index:08d}"), name=name, parent=parent.id, path=path)
        tree[unit.id] = unit
        ids.append(unit.id)
    members = {}
    for index in range(accounts):
        account = AccountId(f"{100_000_000_000 + index}")
        members[account] = Account(
            id=account,
            name=f"account-{index}",
            state=AccountState.SUSPENDED if index % 997 == 0 else AccountState.ACTIVE,
            parent=ids[1 + index % units],
            tags={"baseline": "core" if index % 3 else "strict", "team": f"team-{index % 50}"},
        )
    return Organization(
        id=ORGANIZATION,
        management_account=AccountId("100000000001"),
        root=root,
        units=tree,
        accounts=members,
    )


def load() -> LoadedManifest:
    """Return a manifest with units, tags, exclusions and overrides, loaded from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.yaml"
        path.write_text(_manifest(), encoding="utf-8")
        for name in _STACK_SETS:
            (Path(folder) / f"{name}.yaml").write_text(_TEMPLATE, encoding="utf-8")
        return load_manifest(path)


def _manifest() -> str:
    # 100,000 stack instances per stack set is the quota, so each is split by Regions.
    halves = REGIONS[: len(REGIONS) // 2], REGIONS[len(REGIONS) // 2 :]
    stack_sets = "\n".join(
        _STACK_SET.format(name=name, half=half, regions=", ".join(regions), special=regions[0])
        for name in _STACK_SETS
        for half, regions in enumerate(halves, start=1)
    )
    return _MANIFEST.format(regions=", ".join(REGIONS), stack_sets=stack_sets)


_MANIFEST = """\
version: 1
name: large
organization: o-a1b2c3d4e5
target_groups:
  everyone:
    include:
      - organizational_units: [/]
      - {{tags: {{baseline: [core, strict]}}}}
    exclude:
      - {{accounts: ["100000000010"], reason: vendor}}
      - {{tags: {{team: [team-7]}}, regions: [eu-west-3], reason: "not yet"}}
targets: everyone
regions: [{regions}]
stack_sets:
{stack_sets}
"""
_STACK_SET = """\
  {name}-{half}:
    template: {name}.yaml
    regions: [{regions}]
    parameters: {{Mode: full}}
    parameter_overrides:
      - {{targets: {{organizational_units: [Unit1]}}, parameters: {{Mode: light}}}}
      - {{targets: all, regions: [{special}], parameters: {{Level: "2"}}}}
"""
_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Mode: {Type: String, Default: full}
  Level: {Type: String, Default: "1"}
Resources:
  Topic: {Type: "AWS::SNS::Topic"}
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--units", type=int, default=500)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
