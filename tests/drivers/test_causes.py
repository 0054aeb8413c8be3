"""Records from before verdicts were values are read with their former meaning.

`journal-before-causes.json` was written by the last version that kept sentences alone: a re-sync
with a refused change set, a repair that came back and one that could not be read, and an update
that had just begun.
"""

import json
from pathlib import Path
from typing import Any

from orgrollout.drift.document import read_records
from orgrollout.model.cause import Cause
from orgrollout.model.old_reasons import own_of
from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.reconcile.documents.rollout_record import read_record, record_document
from orgrollout.rollout.failures.classify_failure import advice
from orgrollout.rollout.state.failure_classes import FailureClass
from tests.resyncing import GUARD

KEPT = json.loads(Path(__file__).with_name("journal-before-causes.json").read_text())["documents"]
VERDICTS = {
    "100000000001": (Cause.REFUSED, FailureClass.REFUSED),
    "100000000002": (Cause.CAME_BACK, FailureClass.CAME_BACK),
    "200000000001": (Cause.UNREAD, FailureClass.CONFIGURATION),
}


def documents(prefix: str) -> list[Any]:
    return [value for key, value in KEPT.items() if key.startswith(prefix)]


def test_failures_of_an_earlier_version_get_verdicts() -> None:
    state = read_record(KEPT["rollout/base-2"]).state
    found = {f.pair.account: f for f in state.failures}

    assert {a: (f.own and f.own.cause, f.kind) for a, f in found.items()} == VERDICTS
    assert all(advice(f.reason, own=f.own) for f in state.failures)
    in_operations = {
        f.own.cause for completed in state.completed for f in completed.failures if f.own
    }
    assert in_operations == {cause for cause, _ in VERDICTS.values()}


def test_a_document_read_and_written_is_read_the_same_again() -> None:
    for kept in documents("rollout/"):
        record = read_record(kept)

        assert read_record(json.loads(json.dumps(record_document(record)))) == record


def test_records_of_findings_get_verdicts() -> None:
    (kept,) = documents("findings/")
    records = read_records(kept)

    assert records is not None
    refused = {r.pair.account: r.refused_for for r in records.values() if r.refused}
    assert refused == {
        "100000000001": Cause.REFUSED,
        "200000000001": Cause.UNREAD,
    }


def test_plans_of_an_earlier_version_are_read() -> None:
    plans = [read_plan(json.loads(text)) for text in documents("artifacts/")]

    assert {plan.manifest for plan in plans} == {"base"}
    assert all(not plan.recent for plan in plans)
    update = max(plans, key=lambda plan: len(plan.stack_sets[GUARD].was))
    was = update.stack_sets[GUARD].was
    assert len(was) == 14
    assert {state.shown for state in was.values()} == {"CURRENT/SUCCEEDED"}
    assert all(state.runs and state.unit for state in was.values())
    assert read_plan(plan_document(update)) == update


def test_a_sentence_of_aws_gives_no_own_verdict() -> None:
    for reason in ("Rate exceeded", "x already exists", "AccountGate check failed", ""):
        assert own_of(reason) is None
