"""How long `explain` takes for one account of a large organization, on a warm journal.

10,000 accounts in 100 organizational units, 17 Regions, one stack set, in the sandbox:

    python benchmarks/explain.py [--accounts N]

The first question reads the organization; the second is answered from the journal. Prints seconds
and calls of both, and ends with 1 if the second takes more than what is promised.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from orgrollout.aws.connection import connect
from orgrollout.aws.stack_sets import StackSets
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.regions import PARTITIONS, is_opt_in
from orgrollout.model.ids import Region
from orgrollout.reconcile.explaining import explain
from orgrollout.reconcile.world import World
from orgrollout.sandbox import Sandbox

MAX_SECONDS = 1.0
UNITS = 100
REGIONS = sorted(r for r, p in PARTITIONS.items() if p == "aws" and not is_opt_in(r))
TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"


def main() -> int:
    """Ask twice; print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    accounts = parser.parse_args().accounts
    with tempfile.TemporaryDirectory() as folder, Sandbox.start(organization(accounts)) as sandbox:
        manifest = write_manifest(Path(folder))
        for name in ("cold", "warm"):
            before, started = len(sandbox.calls), time.perf_counter()
            connection = connect(clock=sandbox.clock, read_only=True)
            world = World(
                connection=connection,
                stack_sets=StackSets(connection),
                journal=SqliteJournal(Path(folder) / "journal.sqlite"),
                clock=sandbox.clock,
            )
            explain(load_manifest(manifest), world, "200000000077", Region("eu-west-1"))
            took = time.perf_counter() - started
            print(f"{name}: {took:6.2f} s, {len(sandbox.calls) - before:,} calls")
    print(f"{accounts:,} accounts x {len(REGIONS)} Regions; {MAX_SECONDS} s are allowed when warm")
    return 1 if took > MAX_SECONDS else 0


def organization(accounts: int) -> dict[str, Any]:
    """Return an organization with its accounts spread over its units."""
    units: dict[str, Any] = {f"Unit{n}": {"accounts": []} for n in range(UNITS)}
    for n in range(accounts):
        account = {"name": f"a{n}", "id": f"2{n:011}"}
        units[f"Unit{n % UNITS}"]["accounts"].append(account)
    return {
        "organization": "o-a1b2c3d4e5",
        "management_account": {"id": "999999999999", "name": "management"},
        "home_region": "us-east-1",
        "regions": REGIONS,
        "root": {"organizational_units": units},
    }


def write_manifest(folder: Path) -> Path:
    """Write a manifest for all accounts and Regions, with waves, and return its path."""
    (folder / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
    path = folder / "manifest.yaml"
    document = {
        "version": 1,
        "name": "large",
        "organization": "o-a1b2c3d4e5",
        "targets": "all",
        "regions": REGIONS,
        "stack_sets": {"topics": {"template": "topic.yaml"}},
        "rollout": {"waves": [{"name": "canary", "sample": {"per_ou": 1}}]},
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


if __name__ == "__main__":
    raise SystemExit(main())
