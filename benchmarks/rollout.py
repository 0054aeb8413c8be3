"""What the controller adds to the time that CloudFormation itself needs, and what preferences do.

`python benchmarks/rollout.py [accounts] [ours|usual]...` rolls a stack set out to 1,000 accounts x
17 Regions on the sandbox's virtual clock; stack instances take 20 s to 10 min, and the API takes 2
calls a second. Nothing is timed on this machine: all numbers are simulated. A ceiling of 100
concurrent stack instances a stack set stood in a user guide of 2023, and stands in no newer one.
"""

import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from orgrollout import api
from orgrollout.rollout.state.decision import EventKind
from orgrollout.sandbox import Sandbox, Settings

REGIONS = [
    *(f"us-{side}-{number}" for side in ("east", "west") for number in (1, 2)),
    *("ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"),
    *("eu-north-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *(f"ap-northeast-{number}" for number in (1, 2, 3)),
]
SHORTEST, LONGEST = 20, 600  # seconds
SPREAD = math.log(LONGEST / SHORTEST) / 2 / 2.6  # 99 % of all durations are between the two
CEILING = 100
TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"
OURS: dict[str, Any] = {"max_concurrent_percentage": 25}
USUAL: dict[str, Any] = {
    "max_concurrent_percentage": 100,
    "failure_tolerance_percentage": 10,
    "concurrency_mode": "strict",
    "region_concurrency": "sequential",
}


@dataclass(frozen=True)
class Measured:
    """One rollout, as it went."""

    rollout: api.Rollout
    engine: timedelta  # while an operation of the stack set ran
    idle: timedelta  # from begin to the final proof, while none did
    operations: int
    describes: Counter[str]
    allowed: float

    @property
    def added(self) -> float:
        """Return the share of the idle time in what CloudFormation needs."""
        return self.idle / self.engine


def organization(accounts: int) -> dict[str, Any]:
    """Return an organization of units of a hundred accounts each."""
    units = {
        f"U{unit}": {
            "accounts": [
                {"name": f"a{number}", "id": f"{100_000_000_000 + number}"}
                for number in range(unit * 100, min(unit * 100 + 100, accounts))
            ]
        }
        for unit in range(-(-accounts // 100))
    }
    return {
        "organization": "o-a1b2c3d4e5",
        "management_account": "999999999999",
        "regions": REGIONS,
        "root": {"organizational_units": units},
    }


def manifest(preferences: dict[str, Any], folder: Path) -> Path:
    """Write a manifest with three waves and return its path."""
    (folder / "topic.yaml").write_text(TEMPLATE)
    path = folder / "manifest.yaml"
    content = {
        "version": 1,
        "name": "bench",
        "organization": "o-a1b2c3d4e5",
        "home_region": "us-east-1",
        "targets": "all",
        "regions": REGIONS,
        "stack_sets": {"topics": {"template": "topic.yaml"}},
        "rollout": {
            "waves": [
                {"name": "canary", "sample": {"per_ou": 1}},
                {"name": "early", "percent": 10},
            ],
            "operation_preferences": preferences,
        },
    }
    path.write_text(yaml.safe_dump(content))
    return path


@contextmanager
def simulated(accounts: int, ceiling: int | None) -> Iterator[tuple[Sandbox, Path]]:
    """Give an organization without resources, and a folder. ``ceiling``: of one stack set."""
    settings = Settings(
        median_duration=timedelta(seconds=math.sqrt(SHORTEST * LONGEST)),
        duration_spread=SPREAD,
        deploy_resources=False,
        requests_per_second=2.0,
        max_concurrent_per_stack_set=ceiling,
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(organization(accounts), settings=settings) as sandbox,
    ):
        yield sandbox, Path(folder)


def measure(preferences: dict[str, Any], accounts: int, ceiling: int | None = None) -> Measured:
    """Roll out and return how it went."""
    with ExitStack() as stack:
        sandbox, folder = stack.enter_context(simulated(accounts, ceiling))
        loaded = api.load(manifest(preferences, folder))
        client = stack.enter_context(
            api.connect(loaded, journal=folder / "journal.sqlite", clock=sandbox.clock)
        )
        plan = client.plan(loaded)
        began, proof = sandbox.clock.now(), sandbox.clock.now()

        def follow(tick: api.Tick) -> None:
            nonlocal proof
            if any(event.kind is EventKind.VERIFYING for event in tick.events):
                proof = sandbox.clock.now()

        calls_before = len(sandbox.calls)
        rollout = client.drive(client.begin(plan), follow)
        records = sandbox.operations("bench-topics")
        spans = [(r.started, r.ended) for r in records if r.started and r.ended]
        engine = sum((end - start for start, end in spans), timedelta())
        asked = Counter(
            call.params["OperationId"]
            for call in sandbox.calls[calls_before:]
            if call.operation == "DescribeStackSetOperation"
        )
        return Measured(
            rollout=rollout,
            engine=engine,
            idle=(proof - began) - engine,
            operations=len(records),
            describes=asked,
            allowed=max(asked[r.id] - 40 - _age(r.started, r.ended) / 30 for r in records),
        )


def _age(started: datetime | None, ended: datetime | None) -> float:
    return (ended - started).total_seconds() if started and ended else 0


def main() -> None:
    """Print what was measured, and fail where the controller adds more than it may."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chosen = sys.argv[2:] or ["ours", "usual"]
    print(f"{accounts:,} accounts x {len(REGIONS)} Regions, {SHORTEST} s to {LONGEST} s each")
    failed = False
    for ceiling in (None, CEILING):
        kind = f"ceiling of {ceiling} a stack set" if ceiling else "no ceiling"
        for name in chosen:
            preferences = {"ours": OURS, "usual": USUAL}[name]
            found = measure(preferences, accounts, ceiling)
            most = max(found.describes.values())
            per_operation = found.idle / found.operations
            print(
                f"{kind}, {name:5}: makespan {found.engine + found.idle}, CloudFormation "
                f"{found.engine}, controller {found.idle} ({found.added:.1%}; {per_operation} for "
                f"each of {found.operations} operations), at most {most} describes of one"
            )
            sys.stdout.flush()
            budget = found.engine * 0.05 + timedelta(seconds=60) * found.operations
            failed |= found.idle > budget or found.allowed > 0
    if failed:
        sys.exit("more than 5 % + 60 s an operation, or more than 40 + age/30 s describes")


if __name__ == "__main__":
    main()
