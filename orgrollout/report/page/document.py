"""The one JSON document that the page is drawn from. Keys may be added, never renamed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgrollout.drift.findings import Findings
from orgrollout.drift.history import Record
from orgrollout.model.ids import Digest
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.model.plan import Plan
from orgrollout.report.coverage import not_looked_at, posture_words
from orgrollout.report.layout.words import iso
from orgrollout.report.page.columns import Ledger, Places
from orgrollout.report.page.found import drift_on_page, history_on_page, plan_on_page
from orgrollout.report.page.rollouts import places_of, rollout_on_page
from orgrollout.report.page.standing import STATES, fill_from_rollout
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.rollout.coverage import CoverageRow, CoverageState
from orgrollout.rollout.state.view import RolloutView

MOST_ROLLOUTS = 5  # the newest; each has a list of all that it touches


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of a manifest."""

    name: str
    home_region: str
    organization: Organization
    stack_sets: Sequence[DesiredStackSet]
    rows: Sequence[CoverageRow]
    findings: Findings
    records: Mapping[Digest, Record] = field(default_factory=dict)
    rollouts: Sequence[RolloutView] = ()  # the newest first
    more_rollouts: int = 0  # that are not shown
    plan: Plan | None = None
    refused: str = ""  # why there is no plan
    commands: Sequence[tuple[str, str]] = ()  # what for, and as it is typed


def manifest_document(facts: Facts, now: datetime) -> dict[str, Any]:
    """Return the page of a manifest: the ledger, and all that explains it."""
    places = Places.of(facts.organization)
    now_known = (state.value for state in CoverageState if state is not CoverageState.UNKNOWN)
    ledger = Ledger(places, now_known)
    for each in facts.stack_sets:
        ledger.stack_set(each.key)
        for region in each.regions:
            ledger.region(region)
    for row in facts.rows:
        ledger.add(
            row.stack_set,
            row.pair,
            row.state.value,
            row.reason,
            drift=row.drift,
            posture=posture_words(row.posture) or "",
            operation=row.last_operation or "",
            drift_since=row.since,
            posture_since=row.looked,
        )
    rollouts = [rollout_on_page(view, places, ledger, now) for view in facts.rollouts]
    drift = drift_on_page(facts.findings, facts.records, places, ledger)
    history = history_on_page(facts.records.values(), places, ledger)
    return {
        **_head("manifest", facts.name, facts.organization.id, facts.home_region, now),
        "summary": ledger.summary(),
        "sum": _sums(facts),
        "not_checked": list(not_looked_at(facts.rows)),
        **places.as_json(),
        **ledger.as_json(),
        "rollouts": rollouts,
        "more_rollouts": facts.more_rollouts,
        "drift": drift,
        "history": history,
        "more_history": len(facts.records) - len(history),
        "plan": plan_on_page(facts.plan) if facts.plan else None,
        "plan_refused": facts.refused,
        "commands": _commands(facts.commands),
        "notes": [],
    }


def rollout_document(
    view: RolloutView,
    now: datetime,
    commands: Sequence[tuple[str, str]] = (),
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the page of one rollout, from what the journal knows: AWS is not asked."""
    plan = view.plan
    places = places_of(plan)
    ledger = Ledger(places, STATES)
    fill_from_rollout(view, ledger)
    drawn = rollout_on_page(view, places, ledger, now)
    return {
        **_head("rollout", view.state.id, plan.organization, plan.home_region, now),
        "summary": ledger.summary(),
        "sum": [],
        "not_checked": [],
        **places.as_json(),
        **ledger.as_json(),
        "rollouts": [drawn],
        "more_rollouts": 0,
        "drift": None,
        "history": [],
        "more_history": 0,
        "plan": plan_on_page(plan),
        "plan_refused": "",
        "commands": _commands(commands),
        "notes": list(notes),
    }


def _head(kind: str, name: str, organization: str, home: str, now: datetime) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "name": name,
        "organization": organization,
        "home_region": home,
        "made": iso(now),
    }


def _sums(facts: Facts) -> list[dict[str, Any]]:
    """Return what the states of each stack set add up to: accounts x Regions, and what is besides.

    Besides are stack instances in accounts that the organization no longer has, or in Regions that
    the manifest does not name for the stack set: they are orphaned.
    """
    accounts = facts.organization.accounts
    regions = {each.key: frozenset(each.regions) for each in facts.stack_sets}
    besides = Counter(
        row.stack_set
        for row in facts.rows
        if row.pair.account not in accounts or row.pair.region not in regions[row.stack_set]
    )
    return [
        {
            "stack_set": each.key,
            "accounts": len(accounts),
            "regions": len(each.regions),
            "besides": besides[each.key],
        }
        for each in facts.stack_sets
    ]


def _commands(commands: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"what": what, "command": command} for what, command in commands]
