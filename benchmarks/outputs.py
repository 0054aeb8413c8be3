"""How much memory each output of a large organization takes, and what its writing costs.

678,316 pairs, in memory and without AWS, as in `planning.py`:

    python -m benchmarks.outputs [--accounts N]

Each output is written to nowhere by a process of its own. Prints the peak memory of that process,
what it had before the output was begun, the size of the output, and the CPU of the writing as a
share of what Python's own indenting encoder takes for the same document. Ends with 1 if a peak is
above what is allowed, or if JSON takes more than half of that CPU.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.planning import (
    build_organization,
    deployed,
    load,
    plan_all,
    resolve,
)
from orgrollout.inventory.inventory import Inventory
from orgrollout.journal.export import export_journal
from orgrollout.journal.port import put_artifact, to_text
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.model.document import plan_document
from orgrollout.plan.model.plan import Plan
from orgrollout.report.coverage import (
    COLUMNS,
    About,
    coverage_blocks,
    coverage_cells,
    coverage_json,
)
from orgrollout.report.exchange.junit import junit_lines
from orgrollout.report.layout.blocks import as_csv, as_markdown
from orgrollout.report.layout.json_text import Rows, json_pieces
from orgrollout.report.plan.as_json import plan_json
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.rollout.coverage import CoverageRow, cover_stack_set

MAX_MEGABYTES = 600
MAX_SHARE = 0.5
UNSEEN = re.compile(r"[^\x20-\x7e\n]")
UNITS = 500
SOME = 20_000  # rows that the plain encoder is measured with
PLANS = 25  # in the journal that is exported
_UNIT = 1 << 20 if sys.platform == "darwin" else 1 << 10  # of the peak


def main() -> int:
    """Print what every output takes; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--output", choices=OUTPUTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.output:
        print(json.dumps(measured(arguments.output, arguments.accounts)))
        return 0
    print(
        f"{'output':<18} {'peak':>8} {'before':>8} {'size':>9} {'CPU':>7}  of the plain encoder's"
    )
    return max([show(name, arguments.accounts) for name in OUTPUTS])


def show(output: str, accounts: int) -> int:
    """Have an output written by a process of its own, and print what it took."""
    command = [sys.executable, "-m", "benchmarks.outputs", "--output", output]
    ran = subprocess.run(  # noqa: S603 - this file
        [*command, "--accounts", str(accounts)], check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(ran.stdout)
    share = found["share"]
    told = "" if share is None else f"{share:8.2f}"
    print(
        f"{output:<18} {found['peak']:5.0f} MB {found['before']:5.0f} MB {found['size']:6.1f} MB"
        f" {found['cpu']:5.1f} s {told}"
    )
    return int(found["peak"] > MAX_MEGABYTES or (share or 0) > MAX_SHARE)


def measured(output: str, accounts: int) -> dict[str, float | None]:
    """Return what an output takes in this process."""
    document = DOCUMENTS[output](accounts) if output in DOCUMENTS else None
    pieces = json_pieces(document) if document else TEXTS[output](accounts)
    before = _peak()
    begun = time.process_time()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        size = sum(map(nowhere.write, pieces))
    cpu = time.process_time() - begun
    found = {"peak": _peak(), "before": before, "size": size / 1e6, "cpu": cpu}
    return {**found, "share": cpu / plain(document) if document else None}


def plain(document: Mapping[str, Any]) -> float:
    """Return the CPU of the plain encoder, and of looking for what is not printed: a part's."""
    (rows,) = (value for value in document.values() if isinstance(value, Rows))
    number = sum(1 for _ in rows)
    begun = time.process_time()
    some = list(islice(rows, SOME))
    UNSEEN.sub("", json.dumps({"rows": some}, indent=2, ensure_ascii=False)).encode()
    return (time.process_time() - begun) * number / len(some)


def coverage(accounts: int) -> tuple[Sequence[CoverageRow], Organization]:
    """Return the ledger of an organization in which everything is deployed."""
    organization = build_organization(accounts, UNITS)
    desired = resolve(load(), organization)
    inventory = deployed(desired)
    rows = tuple(
        row
        for wanted in desired.stack_sets.values()
        for row in cover_stack_set(wanted, inventory.stack_sets[wanted.name], None)
    )
    KEPT.extend([desired, inventory])  # as `orgrollout coverage` does
    return rows, organization


def plan(accounts: int) -> Plan:
    """Return the plan of a first rollout."""
    loaded, organization = load(), build_organization(accounts, UNITS)
    desired = resolve(loaded, organization)
    return plan_all(loaded, organization, desired, Inventory(stack_sets={}))


def journal(accounts: int) -> Iterator[str]:
    """Return the export of a journal that has many plans."""
    text = to_text(plan_document(plan(accounts)))
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteJournal(Path(folder) / "journal.sqlite") as kept,
    ):
        for number in range(PLANS):
            put_artifact(kept, text + " " * number)
        yield ""  # all that is before the output
        yield from export_journal(kept)


def _coverage_json(accounts: int) -> Mapping[str, Any]:
    rows, organization = coverage(accounts)
    return coverage_json(rows, rows, organization, ABOUT)


def _coverage_csv(accounts: int) -> Iterator[str]:
    rows, organization = coverage(accounts)
    return as_csv(COLUMNS, coverage_cells(rows, organization))


def _coverage_junit(accounts: int) -> Iterator[str]:
    return junit_lines(*coverage(accounts))


def _coverage_text(accounts: int) -> Iterator[str]:
    rows, organization = coverage(accounts)
    coverage_json(rows, rows, organization, ABOUT)  # as the command does
    return iter([as_markdown(coverage_blocks(rows, organization, NOW))])


def _plan_text(accounts: int) -> Iterator[str]:
    made = plan(accounts)
    plan_json(made, {})
    return iter([as_markdown(plan_blocks(made, now=NOW))])


def _journal(accounts: int) -> Iterator[str]:
    pieces = journal(accounts)
    next(pieces)
    return pieces


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT


KEPT: list[object] = []
NOW = datetime(2026, 11, 2, tzinfo=UTC)
ABOUT = About(manifest="baseline", made=NOW, narrowed=False)
DOCUMENTS: dict[str, Callable[[int], Mapping[str, Any]]] = {
    "coverage json": _coverage_json,
    "plan json": lambda accounts: plan_json(plan(accounts), {}),
}
TEXTS: dict[str, Callable[[int], Iterator[str]]] = {
    "coverage text": _coverage_text,
    "coverage csv": _coverage_csv,
    "coverage junit": _coverage_junit,
    "plan text": _plan_text,
    "journal export": _journal,
}
OUTPUTS = (*DOCUMENTS, *TEXTS)


if __name__ == "__main__":
    raise SystemExit(main())
