"""The document of the page: it holds the ledger whole, and what explains it."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgrollout.drift.finding import Verdict
from orgrollout.drift.findings import Findings
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.stack_set import (
    DeployedStackSet,
    InstanceStatus,
    StackInstance,
    StackSetDefinition,
)
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Organization
from orgrollout.report.coverage import COLUMNS, About, coverage_cells, coverage_json
from orgrollout.report.layout.blocks import as_csv
from orgrollout.report.layout.words import span, zoned
from orgrollout.report.page import found
from orgrollout.report.page.columns import NO_UNIT
from orgrollout.report.page.document import Facts, manifest_document, rollout_document
from orgrollout.rollout.coverage import CoverageRow, CoverageState, cover_stack_set
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, InFlightOperation, PendingOperation, Phase
from tests.organization.test_properties import (
    ACCOUNTS,
    REGIONS,
    _targets,
    desired,
    excludes,
    includes,
    organizations,
)
from tests.report.page.samples import DENIED, NOW, facts

GONE = AccountId("700000000001")  # no longer in the organization
ELSEWHERE = Region("sa-east-1")  # not named by the manifest
_instances = st.dictionaries(
    st.builds(Pair, st.sampled_from([*ACCOUNTS, GONE]), st.sampled_from([*REGIONS, ELSEWHERE])),
    st.sampled_from(
        [
            (InstanceStatus.CURRENT, "SUCCEEDED"),
            (InstanceStatus.OUTDATED, "FAILED"),
            (InstanceStatus.OUTDATED, "RUNNING"),
            (InstanceStatus.INOPERABLE, "INOPERABLE"),
        ]
    ),
    max_size=20,
)


def document_of(
    rows: list[CoverageRow], organization: Organization, stack_sets: list[DesiredStackSet]
) -> dict[str, Any]:
    known = Facts(
        name="m",
        home_region="us-east-1",
        organization=organization,
        stack_sets=stack_sets,
        rows=rows,
        findings=Findings(),
    )
    return manifest_document(known, NOW)


def read_back(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a document as a reader of it has them."""
    texts, rows = document["texts"], document["rows"]
    for number, account in enumerate(rows["account"]):
        yield (
            document["accounts"]["id"][account],
            *(texts[name][rows[name][number]] for name in ("stack_set", "region", "state")),
        )


@settings(max_examples=60, deadline=None)
@given(organizations, includes, excludes, _instances)
def test_the_states_add_up_in_page_json_and_csv(
    organization: Organization,
    include: list[dict[str, Any]],
    exclude: list[dict[str, Any]],
    instances: dict[Pair, tuple[InstanceStatus, str]],
) -> None:
    """Every account x Region of a stack set is in one state, and what is elsewhere is counted."""
    wanted = desired(_targets(include, exclude), organization)
    inventory = StackSetInventory(
        deployed=DeployedStackSet(
            name=wanted.name, definition=StackSetDefinition(template_body="{}"), id="1", arn="arn"
        ),
        instances={
            pair: StackInstance(pair=pair, status=status, detailed_status=detail)
            for pair, (status, detail) in instances.items()
        },
    )
    rows = list(cover_stack_set(wanted, inventory, None))

    page = document_of(rows, organization, [wanted])
    ledger = coverage_json(
        rows, rows, organization, About(manifest="baseline", made=NOW, narrowed=False)
    )
    pieces = as_csv(COLUMNS, coverage_cells(rows, organization))
    sheet = list(csv.DictReader(io.StringIO("".join(pieces))))

    (total,) = page["sum"]
    every = total["accounts"] * total["regions"]
    besides = {
        pair
        for pair in instances
        if pair.account not in organization.accounts or pair.region not in wanted.regions
    }
    assert every == len(ACCOUNTS) * len(REGIONS)
    assert total["besides"] == len(besides)
    assert sum(page["summary"].values()) == every + len(besides)
    assert {**page["summary"], "unknown": 0} == ledger["summary"]  # of a past moment alone
    counted = Counter(row["state"] for row in sheet)
    assert counted == Counter({s: n for s, n in page["summary"].items() if n})
    assert sorted(read_back(page)) == sorted(
        (row["account"], row["stack_set"], row["region"], row["state"]) for row in sheet
    )
    assert len(set(read_back(page))) == every + len(besides)


def test_units_come_after_those_they_are_in_and_every_account_is_in_one() -> None:
    document = manifest_document(facts(20, 2, 1, hostile=True), NOW)

    units = document["units"]
    assert all(parent < number for number, parent in enumerate(units["parent"]))
    assert units["name"][0] == "/"
    assert len(document["accounts"]["unit"]) == 20


def test_an_account_that_has_left_is_shown_in_a_place_of_its_own() -> None:
    made = facts(3, 1, 1)
    gone = CoverageRow(
        stack_set=made.stack_sets[0].key,
        pair=Pair(GONE, Region("us-east-1")),
        state=CoverageState.ORPHANED,
        reason="no longer targeted",
    )

    document = document_of([*made.rows, gone], made.organization, list(made.stack_sets))

    place = document["accounts"]["id"].index(GONE)
    assert document["units"]["name"][document["accounts"]["unit"][place]] == NO_UNIT
    assert document["sum"][0]["besides"] == 1


def test_drift_says_what_is_expected_and_what_is_there() -> None:
    document = manifest_document(facts(40, 3, 1), NOW)

    drift = document["drift"]
    assert drift["total"] == len(drift["findings"]) > 0
    first = drift["findings"][0]
    assert (first["expected"], first["actual"], first["came_back"]) == ("true", "false", 1)
    assert first["path"] == "/RecordingGroup/AllSupported"
    assert drift["stack_sets"][0]["unknown"] > 0
    assert len(document["history"]) == drift["total"]


def test_a_plan_is_shown_as_a_difference() -> None:
    plan = manifest_document(facts(10, 2, 1), NOW)["plan"]

    changes = plan["stack_sets"][0]["changes"]
    assert changes["parameters"] == {"Delivery": {"old": "Six_Hours", "new": "One_Hour"}}
    assert "+    Properties: {RoleARN: </script>}" in changes["template"]
    assert plan["summary"]["update"] == 20


def test_failures_are_grouped_by_cause_with_advice() -> None:
    (rollout,) = manifest_document(facts(200, 3, 2), NOW)["rollouts"]

    (cause,) = rollout["causes"]
    assert cause["instances"] == 4 * 3 * 2
    assert cause["accounts"] == 4
    assert "service control policy" in cause["advice"]
    assert [wave["status"] for wave in rollout["waves"]] == ["done", "done", "finished"]


def test_where_an_operation_failed_is_kept_for_the_history_of_one_stack_instance() -> None:
    document = manifest_document(facts(200, 3, 1), NOW)

    (rollout,) = document["rollouts"]
    failed = rollout["failed_in"][0]
    (runs, regions) = failed["where"][0]
    assert failed["reason"] == DENIED
    assert runs == [5, 1]  # one account from the sixth on
    assert [document["texts"]["region"][r] for r in regions] == [
        "us-east-1",
        "us-east-2",
        "us-west-1",
    ]
    planned = [each["where"][0] for each in rollout["planned"]]
    assert planned == [[0, 2], [2, 64], [66, 134]]


def test_the_pairs_of_a_rollout_add_up_to_its_plan() -> None:
    view = facts(61, 3, 2).rollouts[0]

    document = rollout_document(view, NOW)

    assert sum(document["summary"].values()) == 61 * 3 * 2
    assert document["summary"]["failed"] == 3 * 2
    assert document["summary"]["done"] == 60 * 3 * 2
    assert document["kind"] == "rollout"


def test_a_rollout_that_moves_shows_what_waits_and_what_runs() -> None:
    view = facts(61, 3, 1).rollouts[0]
    pending = [
        PendingOperation(planned=n, accounts=o.accounts, regions=o.regions)
        for n, o in enumerate(view.plan.operations)
    ]
    running = InFlightOperation(
        id=view.state.completed[0].id, number=1, pending=pending[1], committed=NOW
    )
    moving = view.at(
        type(view.state)(
            id=view.state.id,
            plan=view.state.plan,
            created=NOW - timedelta(hours=1),
            completed=view.state.completed[:1],
            in_flight=(running,),
            waiting=(pending[2],),
        )
    )

    summary = rollout_document(moving, NOW)["summary"]

    assert {state: n for state, n in summary.items() if n} == {
        "done": 2 * 3,
        "in_progress": 18 * 3,
        "pending": 41 * 3,
    }


def test_what_a_stopped_rollout_left_is_not_called_done() -> None:
    view = facts(10, 1, 1).rollouts[0]
    left = tuple(
        PendingOperation(planned=n, accounts=o.accounts, regions=o.regions)
        for n, o in enumerate(view.plan.operations)
    )
    state = type(view.state)(
        id=view.state.id, plan=view.state.plan, created=NOW, phase=Phase.STOPPED, waiting=left
    )

    document = rollout_document(view.at(state), NOW)

    assert document["summary"]["pending"] == 10
    assert "not started: the rollout was stopped" in document["texts"]["reason"]


def test_what_was_withdrawn_is_not_called_done() -> None:
    """It never reached AWS: the rollout was stopped before."""
    view = facts(10, 1, 1).rollouts[0]
    operation = view.plan.operations[2]
    never = InFlightOperation(
        id=view.state.completed[2].id,
        number=3,
        pending=PendingOperation(planned=2, accounts=operation.accounts, regions=operation.regions),
        committed=NOW,
    )
    state = replace(
        view.state,
        phase=Phase.STOPPED,
        completed=view.state.completed[:2],
        failures=(),
        withdrawn=(never,),
    )

    document = rollout_document(view.at(state), NOW)

    assert document["summary"]["done"] == 10 - len(operation.accounts)
    assert document["summary"]["pending"] == len(operation.accounts)
    (left,) = document["rollouts"][0]["left"]
    assert (left["planned"], left["state"]) == (2, "pending")
    assert left["reason"] == "not known to AWS when the rollout was stopped"


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        (Phase.RUNNING, "to be tried again after: slow down"),
        (Phase.HALTED, "to be tried again if the rollout is resumed, after: slow down"),
    ],
)
def test_what_is_tried_again_is_said_as_far_as_it_goes_on_by_itself(
    phase: Phase, reason: str
) -> None:
    view = facts(10, 1, 1).rollouts[0]
    pair = next(iter(view.plan.operations[0].rectangle.pairs))
    again = Failure(
        planned=0, pair=pair, kind=FailureClass.THROTTLED, reason="slow down", attempts=1
    )
    state = replace(view.state, phase=phase, failures=(again,))

    document = rollout_document(view.at(state), NOW)

    assert document["summary"]["pending"] == 1
    assert reason in document["texts"]["reason"]


def test_what_was_skipped_is_left_and_not_done() -> None:
    """Operations do not record what was skipped, so that the history needs it from here."""
    view = facts(10, 1, 1).rollouts[0]
    pair = next(iter(view.plan.operations[0].rectangle.pairs))
    skipped = Failure(
        planned=0,
        pair=pair,
        kind=FailureClass.SKIPPED,
        reason="account is SUSPENDED",
        attempts=1,
        final=True,
    )

    document = rollout_document(view.at(replace(view.state, failures=(skipped,))), NOW)

    (left,) = document["rollouts"][0]["left"]
    assert (left["state"], left["reason"]) == ("skipped", "account is SUSPENDED")
    assert document["summary"]["skipped"] == 1


def test_what_is_accepted_pushes_no_real_drift_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = facts(200, 3, 1)
    *accepted, real = made.findings.findings
    findings = [*(replace(each, verdict=Verdict.IGNORED) for each in accepted), real]
    monkeypatch.setattr(found, "MOST_FINDINGS", 2)

    document = manifest_document(
        replace(made, findings=replace(made.findings, findings=tuple(findings))), NOW
    )

    assert [each["verdict"] for each in document["drift"]["findings"]] == ["real", "ignored"]
    assert len(document["history"]) == 2
    assert document["more_history"] == len(findings) - 2


def test_what_a_rollout_waits_for_says_its_distance_from_utc() -> None:
    view = facts(10, 1, 1).rollouts[0]
    until = NOW + timedelta(hours=1)
    state = replace(view.state, phase=Phase.SOAKING, wake=until, ended=None)

    (waits,) = rollout_document(view.at(state), NOW)["rollouts"][0]["waits"]

    assert waits == f"soaking until {zoned(until)} ({span(timedelta(hours=1))} from now)"
    assert zoned(until)[-6:] == until.astimezone().isoformat()[-6:]


def test_a_large_organization_fits() -> None:
    """A tenth of 170,000, of which the size in the browser is measured by `make test-browser`."""
    text = json.dumps(manifest_document(facts(1_000, 17, 1), NOW), separators=(",", ":"))

    assert len(text) < 25_000_000 / 10
