"""How many calls a plan costs where 100,000 stack instances are deployed.

10,000 accounts x 10 Regions in one stack set, in the sandbox, without the templates' resources:

    python benchmarks/inventory.py [--accounts N]

Prints the calls of each plan, what is allowed for it, and the time at the rate that is kept to, and
ends with 1 if a plan takes more.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from orgrollout import api
from orgrollout.aws.transport.rate_limits import STACK_SETS, RateLimits
from orgrollout.sandbox import Sandbox, Settings

UNITS = 100
THEIRS = 50  # stack instances that another user changes
REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1"),
    *("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1"),
)
NAME = "large-topics"
MANIFEST = f"""\
version: 1
name: large
organization: o-a1b2c3d4e5
home_region: us-east-1
targets: all
regions: [{", ".join(REGIONS)}]
stack_sets: {{topics: {{template: topic.yaml}}}}
"""
TEMPLATE = """\
Parameters: {Suffix: {Type: String, Default: a}}
Resources: {Topic: {Type: "AWS::SNS::Topic", Properties: {DisplayName: !Ref Suffix}}}
"""
ALL_AT_ONCE: Any = {
    "MaxConcurrentPercentage": 100,
    "FailureTolerancePercentage": 100,
    "RegionConcurrencyType": "PARALLEL",
}


@dataclass(frozen=True)
class Measured:
    """What one plan took."""

    what: str
    stack_sets: Counter[str]  # calls to CloudFormation
    organizations: Counter[str]
    allowed: int  # calls to CloudFormation
    cpu: float  # seconds, the sandbox included
    plan: api.Plan
    told: tuple[str, ...]  # what was said while it was made

    @property
    def is_too_much(self) -> bool:
        """Return whether it took more calls than allowed."""
        return self.stack_sets.total() > self.allowed


@dataclass
class Bench:
    """A sandbox with everything deployed, and a manifest that says so."""

    sandbox: Sandbox
    folder: Path

    @contextmanager
    def process(
        self, journal: str = "journal.sqlite", heard: api.Progress = lambda _: None
    ) -> Iterator[api.Client]:
        """Give what a process works with; calls do not wait for their rate."""
        with api.connect(
            self.loaded(),
            journal=self.folder / journal,
            clock=self.sandbox.clock,
            limits=RateLimits(speed=1e9),
            progress=heard,
        ) as client:
            yield client

    def loaded(self) -> api.LoadedManifest:
        """Return the manifest."""
        return api.load(self.folder / "manifest.yaml")

    def measure(self, what: str, allowed: int, journal: str = "journal.sqlite") -> Measured:
        """Plan, and return what it took."""
        before, began = len(self.sandbox.calls), time.process_time()
        told: list[str] = []
        with self.process(journal, told.append) as client:
            plan = client.plan(self.loaded())
        calls = self.sandbox.calls[before:]
        return Measured(
            what=what,
            stack_sets=Counter(c.operation for c in calls if c.service == "cloudformation"),
            organizations=Counter(c.operation for c in calls if c.service == "organizations"),
            allowed=allowed,
            cpu=time.process_time() - began,
            plan=plan,
            told=tuple(told),
        )

    def they_update(self, accounts: int) -> None:
        """Let another user change a parameter of some stack instances in one Region."""
        members = sorted(self.sandbox.organization.accounts)[:accounts]
        self.sandbox.another_user().client("cloudformation").update_stack_instances(
            StackSetName=NAME,
            DeploymentTargets={
                "OrganizationalUnitIds": [self.sandbox.organization.root_id],
                "Accounts": members,
                "AccountFilterType": "INTERSECTION",
            },
            Regions=list(REGIONS[:1]),
            ParameterOverrides=[{"ParameterKey": "Suffix", "ParameterValue": "theirs"}],
            OperationPreferences=ALL_AT_ONCE,
        )
        self.sandbox.run_to_end()

    def detect_drift(self) -> None:
        """Let another user look for drift everywhere."""
        client = self.sandbox.another_user().client("cloudformation")
        client.detect_stack_set_drift(StackSetName=NAME, OperationPreferences=ALL_AT_ONCE)
        self.sandbox.run_to_end()


def organization(accounts: int) -> dict[str, Any]:
    """Return an organization of 100 units besides the management account."""
    units: dict[str, Any] = {f"unit{number}": {"accounts": []} for number in range(UNITS)}
    for number in range(accounts):
        account = {"name": f"a{number}", "id": f"{100_000_000_000 + number}"}
        units[f"unit{number % UNITS}"]["accounts"].append(account)
    return {
        "organization": "o-a1b2c3d4e5",
        "management_account": {"id": "999999999999", "name": "management"},
        "regions": list(REGIONS),
        "root": {"organizational_units": units},
    }


@contextmanager
def deployed(accounts: int) -> Iterator[Bench]:
    """Give a sandbox in which the manifest has been applied."""
    settings = Settings(deploy_resources=False, median_duration=timedelta(seconds=1))
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(organization(accounts), settings=settings) as sandbox,
    ):
        bench = Bench(sandbox, Path(folder))
        (bench.folder / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
        (bench.folder / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
        with bench.process() as client:
            client.drive(client.begin(client.plan(bench.loaded())))
        yield bench


def measured(bench: Bench, accounts: int) -> Iterator[Measured]:
    """Yield what each plan takes, one after the other."""
    pages = -(-accounts * len(REGIONS) // 100)
    yield bench.measure("the first plan after the rollout", 2 + 2)
    yield bench.measure("nothing changed", 2 + 2)
    bench.they_update(THEIRS)
    yield bench.measure("another user changed 50", 2 + 2 + 60)
    yield bench.measure("nothing changed since", 2 + 2)
    yield bench.measure("without a journal", pages + THEIRS + 2 + 2, "another.sqlite")
    bench.detect_drift()
    yield bench.measure("drift was looked for", 2 + 2)
    # The results of our own operation tell what a drift detection hides in the list.
    allowed = 2 * pages + 2 * THEIRS + 5
    yield bench.measure("then without a journal", allowed, "a-third.sqlite")


def main(accounts: int) -> int:
    """Deploy, plan, print; return the exit code."""
    began = time.process_time()
    failed = 0
    with deployed(accounts) as bench:
        count = accounts * len(REGIONS)
        print(f"{count:,} stack instances deployed with {time.process_time() - began:.0f} s of CPU")
        for each in measured(bench, accounts):
            failed += each.is_too_much
            calls = each.stack_sets.total()
            takes = timedelta(seconds=round(calls / STACK_SETS.per_second))
            print(
                f"{each.what:<33} {calls:>6,} calls of {each.allowed:>6,} allowed, {takes} at "
                f"{STACK_SETS.per_second:g} a second; {each.cpu:.1f} s of CPU"
            )
            print(f"    {dict(each.stack_sets)}")
            print(f"    {dict(each.organizations)}")
            for told in each.told:
                print(f"    {told}")
        size = (bench.folder / "journal.sqlite").stat().st_size
        print(f"the journal has {size:,} bytes")
    return min(failed, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=10_000)
    sys.exit(main(parser.parse_args().accounts))
