"""How CPU, memory, calls and the journal grow with the accounts of an organization.

    python -m benchmarks.growth [--accounts N...]

For each size, a process of its own resolves and plans 17 Regions and four templates in memory, as
`benchmarks/planning.py` does: CPU in yardsticks, and memory above what the process had before. Then
it rolls one stack set out to every account of a simulated organization, in one Region, and plans
again: calls of both, and the bytes of the journal. What is printed last are the exponents: the
slope of each on a scale of logarithms. Ends with 1 where one is above that of n log n.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.inventory import Bench
from benchmarks.planning import build_organization, load, plan_all, resolve
from benchmarks.yardstick import yardstick
from orgrollout.inventory.inventory import Inventory
from orgrollout.sandbox import Sandbox, Settings

SIZES = (1_000, 4_000, 16_000)
FIGURES = ("CPU", "memory", "calls of a rollout", "calls of a plan", "journal")
COUNTS = FIGURES[2:]
NOISE = 0.1  # of an exponent of CPU or memory
UNIT = 100  # accounts
MANIFEST = """\
version: 1
name: large
organization: o-a1b2c3d4e5
home_region: us-east-1
targets: all
regions: [us-east-1]
stack_sets: {topics: {template: topic.yaml}}
"""
TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"


def planned(accounts: int) -> dict[str, float]:
    """Return the CPU of a first plan in yardsticks, and its memory in MB."""
    loaded, organization = load(parts=3), build_organization(accounts, accounts // UNIT)
    measure = yardstick()
    before, began = _peak(), time.process_time()
    desired = resolve(loaded, organization)
    plan_all(loaded, organization, desired, Inventory(stack_sets={}))
    taken = time.process_time() - began
    return {"CPU": taken * 2 / (measure + yardstick()), "memory": _peak() - before}


def counted(accounts: int) -> dict[str, float]:
    """Return the calls of a first rollout and of the plan after it, and the journal's bytes."""
    settings = Settings(deploy_resources=False)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(_organization(accounts), settings=settings) as sandbox,
    ):
        bench = Bench(sandbox, Path(folder))
        (bench.folder / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
        (bench.folder / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
        with bench.process() as client:
            client.drive(client.begin(client.plan(bench.loaded())))
        deployed = len(sandbox.calls)
        with bench.process() as client:
            client.plan(bench.loaded())
        return {
            "calls of a rollout": deployed,
            "calls of a plan": len(sandbox.calls) - deployed,
            "journal": (bench.folder / "journal.sqlite").stat().st_size,
        }


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the slope of the line that fits best, on a scale of logarithms."""
    xs, ys = [math.log(n) for n in sizes], [math.log(max(value, 1e-9)) for value in values]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    over = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return over / sum((a - x) ** 2 for a in xs)


def allowed(sizes: Sequence[int]) -> float:
    """Return the exponent of n log n between these sizes."""
    return exponent(sizes, [n * math.log(n) for n in sizes])


def measured(accounts: int) -> Mapping[str, float]:
    """Return all figures of one size, each part from a process of its own."""
    found: dict[str, float] = {}
    for part in ("planned", "counted"):
        command = [sys.executable, "-m", "benchmarks.growth", "--part", part]
        ran = subprocess.run(  # noqa: S603 - this file
            [*command, "--accounts", str(accounts)], check=True, stdout=subprocess.PIPE, text=True
        )
        found |= json.loads(ran.stdout)
    return found


def too_steep(name: str, sizes: Sequence[int], values: Sequence[float]) -> bool:
    """Return whether a figure grows faster than n log n."""
    return exponent(sizes, values) > allowed(sizes) + (0 if name in COUNTS else NOISE)


def table(sizes: Sequence[int], found: Sequence[Mapping[str, float]]) -> list[list[str]]:
    """Return the figures in cells, with their exponents."""
    rows = [["accounts", *(f"{n:,}" for n in sizes), "exponent"]]
    for name in FIGURES:
        values = [each[name] for each in found]
        cells = [f"{value:,.1f}" if name == "CPU" else f"{value:,.0f}" for value in values]
        rows.append([name, *cells, f"{exponent(sizes, values):.2f}"])
    return rows


def main() -> int:
    """Print figures and exponents; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=SIZES)
    parser.add_argument("--part", choices=("planned", "counted"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        part = planned if asked.part == "planned" else counted
        print(json.dumps(part(asked.accounts[0])))
        return 0
    found = [measured(n) for n in asked.accounts]
    for row in table(asked.accounts, found):
        print(f"{row[0]:<20}" + "".join(f"{cell:>12}" for cell in row[1:]))
    print(f"n log n has {allowed(asked.accounts):.2f}")
    return int(
        any(too_steep(name, asked.accounts, [each[name] for each in found]) for name in FIGURES)
    )


def _organization(accounts: int) -> dict[str, object]:
    units = {
        f"unit{unit}": {
            "accounts": [
                {"name": f"a{n}", "id": f"{100_000_000_000 + n}"}
                for n in range(unit * UNIT, min(unit * UNIT + UNIT, accounts))
            ]
        }
        for unit in range(-(-accounts // UNIT))
    }
    return {
        "organization": "o-a1b2c3d4e5",
        "management_account": {"id": "999999999999", "name": "management"},
        "regions": ["us-east-1"],
        "root": {"organizational_units": units},
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
