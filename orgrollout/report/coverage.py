"""The ledger as people read it and as programs do: every pair in exactly one state."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orgrollout.organization.snapshot import Organization
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.report.flow_logs import cells_of, flow_log_lines, flow_logs_json, instance_json
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.json_text import Rows
from orgrollout.report.layout.words import count, iso, span
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.report.plan.unchecked import sentence
from orgrollout.rollout.coverage import CoverageRow, CoverageState

MOST_ROWS = 60  # in text; CSV and JSON hold all
MOST_NAMED = 20  # accounts that are skipped, in text
_GOOD = frozenset({CoverageState.CURRENT})
_NOT_LOOKED = frozenset({"NOT_CHECKED", "UNKNOWN", ""})
_MEANT = frozenset({CoverageState.EXCLUDED, CoverageState.WAIVED, CoverageState.OUT_OF_SCOPE})
COLUMNS = (
    "stack_set",
    "account",
    "account_name",
    "ou_path",
    "region",
    "state",
    "reason",
    "drift",
    "posture",
    "last_operation",
    "since",
    "posture_since",
    "vpcs",
    "covered_elsewhere",
)
_SHOWN = ("stack_set", "account", "account_name", "ou_path", "region", "state", "reason")
_OF_POSTURE = ("stack_set", "account", "account_name", "region", "posture")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a ledger is of, for the programs that keep it and compare it later."""

    manifest: str
    made: datetime
    narrowed: bool  # it holds a part of the pairs
    warnings: tuple[str, ...] = ()  # of what is accepted, and ends soon or has ended
    as_of: str | None = None  # of a past ledger: the moment, or the rollout
    read: datetime | None = None  # of a past ledger: when what no rollout touched was read


def coverage_json(
    rows: Sequence[CoverageRow],
    shown: Sequence[CoverageRow],
    organization: Organization,
    about: About,
) -> dict[str, Any]:
    """Return the ledger as JSON can hold it. Keys may be added, never renamed.

    The summary counts all ``rows``; the instances are those to be ``shown``.
    """
    states = Counter(row.state for row in rows)
    return {
        "format_version": FORMAT_VERSION,
        "manifest": about.manifest,
        "organization": organization.id,
        "made": iso(about.made),
        "narrowed": about.narrowed,
        "as_of": about.as_of,
        "read": iso(about.read),
        "summary": {state.value: states[state] for state in CoverageState},
        "instances": Rows(lambda: (_instance(row, organization) for row in shown)),
        "not_checked": list(not_looked_at(rows)),
        "warnings": list(about.warnings),
        "flow_logs": flow_logs_json(rows),
    }


def coverage_cells(
    rows: Iterable[CoverageRow], organization: Organization
) -> Iterator[tuple[str, ...]]:
    """Yield every row with every column: what CSV holds."""
    return _cells(rows, organization, COLUMNS)


def coverage_blocks(
    rows: Sequence[CoverageRow],
    organization: Organization,
    now: datetime,
    *,
    chosen: Collection[CoverageState] = (),
    detect: str | None = "orgrollout drift --detect",
    warnings: Iterable[str] = (),
) -> Iterator[Block]:
    """Yield how many pairs are in which state, and those a person should look at.

    Without ``chosen`` states those are all that are neither current nor left out: accounts that are
    skipped are named in one line.
    ``detect`` is the command that looks for what nothing is known of; a past ledger has none.
    ``warnings`` are shown.
    """
    yield _by_stack_set(rows)
    wanted = frozenset(chosen) or frozenset(CoverageState) - _GOOD - _MEANT - {
        CoverageState.SKIPPED
    }
    found = [row for row in rows if row.state in wanted]
    if found:
        yield _sheet(found[:MOST_ROWS], organization, _SHOWN)
    if len(found) > MOST_ROWS:
        yield Line(text=f"and {len(found) - MOST_ROWS:,} more: --format csv or json shows all")
    if not chosen:
        yield from _skipped(rows, organization)
    yield from _posture(rows, organization, now)
    yield from flow_log_lines(rows, detect or "")
    yield from (Line(text=f"warning: {text}", style="yellow") for text in warnings)
    if detect is not None and (text := sentence(not_looked_at(rows), f"`{detect}`")):
        yield Line(text=text, style="yellow")
    current = sum(1 for row in rows if row.state in _GOOD)
    skipped, waived = (
        sum(1 for row in rows if row.state is state)
        for state in (CoverageState.SKIPPED, CoverageState.WAIVED)
    )
    meant = sum(1 for row in rows if row.state not in _MEANT) - skipped
    text = f"{current:,} of {count(meant, 'stack instance')} current, {skipped:,} skipped"
    text += f", {waived:,} waived." if waived else "."
    yield Line(text=text, style="bold green" if current == meant else "bold")


def _skipped(rows: Iterable[CoverageRow], organization: Organization) -> Iterator[Block]:
    """Yield in one line which accounts are skipped, and why."""
    reasons = {row.pair.account: row.reason for row in rows if row.state is CoverageState.SKIPPED}
    if not reasons:
        return
    told = [
        f"{known.name if (known := organization.accounts.get(account)) else ''} {account} "
        f"({reason})".strip()
        for account, reason in list(reasons.items())[:MOST_NAMED]
    ]
    more = f" and {len(reasons) - MOST_NAMED:,} more" if len(reasons) > MOST_NAMED else ""
    yield Line(text=f"skipped: {', '.join(told)}{more}")


def not_looked_at(rows: Iterable[CoverageRow]) -> Iterator[str]:
    """Yield what the ledger says nothing of: `current` is what CloudFormation was told."""
    current = [row for row in rows if row.state in _GOOD]
    drift = sum(1 for row in current if row.drift in _NOT_LOOKED)
    if drift:
        yield f"drift of {count(drift, 'current stack instance')}"
    unknown = (r for r in current if r.posture and r.posture.state is PostureState.UNKNOWN)
    if number := sum(1 for _ in unknown):
        yield f"posture of {count(number, 'current stack instance')}"


def posture_words(seen: PostureSeen | None) -> str | None:
    """Return how posture stands, in a few words; None where the template has no checks."""
    if seen is None:
        return None
    return seen.state.value if not seen.reason else f"{seen.state.value}: {seen.reason}"


def _posture(
    rows: Sequence[CoverageRow], organization: Organization, now: datetime
) -> Iterator[Block]:
    """Yield what is broken where drift detection does not look, and how old that is."""
    states = Counter(row.posture.state for row in rows if row.posture is not None)
    if not states:
        return
    found = [r for r in rows if r.posture is not None and r.posture.state is PostureState.BROKEN]
    if found:
        yield _sheet(found[:MOST_ROWS], organization, _OF_POSTURE)
    if len(found) > MOST_ROWS:
        yield Line(text=f"and {len(found) - MOST_ROWS:,} more: --format csv or json shows all")
    told = [s for s in PostureState if states[s] or s is not PostureState.WAIVED]
    counts = ", ".join(f"{states[state]:,} {state.value}" for state in told)
    looked = [row.looked for row in rows if row.looked is not None]
    age = (
        f"looked at {span(now - min(looked))} ago at the earliest" if looked else "never looked at"
    )
    yield Line(text=f"posture: {counts}; {age}")


def _by_stack_set(rows: Sequence[CoverageRow]) -> Sheet:
    counts: dict[str, Counter[CoverageState]] = {}
    for row in rows:
        counts.setdefault(row.stack_set, Counter())[row.state] += 1
    total = sum(counts.values(), Counter[CoverageState]())
    used = [state for state in CoverageState if total[state]]
    lines = [*counts.items(), *([("all", total)] if len(counts) > 1 else [])]
    return Sheet(
        headers=("stack set", *(state.replace("_", " ") for state in used)),
        rows=tuple((key, *(f"{found[state]:,}" for state in used)) for key, found in lines),
        right=frozenset(range(1, len(used) + 1)),
    )


def _sheet(
    rows: Sequence[CoverageRow], organization: Organization, columns: tuple[str, ...]
) -> Sheet:
    return Sheet(headers=columns, rows=tuple(_cells(rows, organization, columns)))


def _cells(
    rows: Iterable[CoverageRow], organization: Organization, columns: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    instances = ({**_instance(row, organization), **cells_of(row)} for row in rows)
    return (tuple(_text(found[column]) for column in columns) for found in instances)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _instance(row: CoverageRow, organization: Organization) -> dict[str, Any]:
    account = organization.accounts.get(row.pair.account)
    return {
        "stack_set": row.stack_set,
        "account": row.pair.account,
        "account_name": account.name if account else None,
        "ou_path": organization.units[account.parent].path if account else None,
        "region": row.pair.region,
        "state": row.state.value,
        "reason": row.reason,
        "drift": row.drift,
        "posture": posture_words(row.posture),
        "last_operation": row.last_operation,
        "since": iso(row.since),
        "posture_since": iso(row.looked),
        "flow_logs": instance_json(row),
    }
