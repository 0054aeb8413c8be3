"""Changes by hand are found in their places, by real calls, and by few of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import repaired
from orgrollout.drift.instances import EXTRA, MISSING, OUTDATED
from orgrollout.drivers.detecting import detect
from orgrollout.model.ids import AccountId, Pair, StackSetName
from orgrollout.reconcile.documents.findings import (
    MOST_INSTANCES,
    change_history,
    history,
    remember_findings,
)
from orgrollout.sandbox import Sandbox, Settings
from tests.drift import stack
from tests.drivers.support import HeldUpJournal
from tests.stage import DEV, EU, LAB, PROD, TOPICS, US, Stage, exactly, organization

ONE, TWO, THREE, FOUR = (Pair(PROD[n], US) for n in range(4))
FIVE = Pair(DEV[0], EU)
SECRET = "hunter2"
NAME = StackSetName("base-topics")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(stack.manifest(made))
        yield made


def test_every_change_by_hand_is_found_in_its_place_and_classed(stage: Stage) -> None:
    accepted = {
        "stack_set": "topics",
        "resource": "Topic",
        "property": "/DisplayName",
        "reason": "theirs",
    }
    wanted = stack.manifest(stage, drift={"ignore": [accepted]})
    stack.rename_topic(stage, ONE)
    stack.shorten_retention(stage, ONE)
    stack.delete_group(stage, TWO)
    stack.change_secret(stage, THREE, SECRET)
    stage.sandbox.hide(FOUR.account, FOUR.region, "AWS::Logs::LogGroup", "RetentionInDays")
    stack.detect(stage)
    before = Counter(c.operation for c in stage.sandbox.calls)

    found = stack.gather(stage, wanted)

    one = stack.at(found, ONE)
    assert {k: f.verdict for k, f in one.items()} == {
        ("Topic", "/DisplayName"): Verdict.IGNORED,
        ("Group", "/RetentionInDays"): Verdict.REAL,
    }
    retention = one["Group", "/RetentionInDays"]
    assert (retention.expected, retention.actual) == ("30", "7")
    assert stack.at(found, TWO)["Group", ""].verdict is Verdict.DELETED
    hidden = stack.at(found, THREE)["Hidden", "/Value"]
    assert (hidden.expected, hidden.actual) == ("****", "****")
    assert SECRET not in repr(found)
    assert stack.at(found, FOUR)["Group", "/RetentionInDays"].verdict is Verdict.SUSPECT
    assert len(found.findings) == 5
    (look,) = found.stack_sets
    assert (look.instances, look.unknown) == (14, 0)
    assert look.not_checkable == {"AWS::SSM::Document": 4}
    assert look.detection is not None
    assert (look.detection.status, look.detection.drifted) == ("COMPLETED", 4)
    assert found.warnings == ()
    spent = Counter(c.operation for c in stage.sandbox.calls) - before
    assert spent["ListStackInstanceResourceDrifts"] == 4  # one for each that drifted
    assert spent["ListStackInstances"] == 1


def test_a_pair_changed_after_its_detection_is_unknown(stage: Stage) -> None:
    """A detection before an update says nothing about the present state."""
    wanted = stack.manifest(stage)
    assert stack.gather(stage, wanted).stack_sets[0].unknown == 14  # there was no detection
    stack.rename_topic(stage, ONE)
    stack.rename_topic(stage, FIVE)
    stack.detect(stage)
    client = stage.sandbox.session().client("cloudformation")
    client.update_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets=exactly(stage.sandbox, ONE.account),
        Regions=[ONE.region],
        ParameterOverrides=[{"ParameterKey": "Secret", "ParameterValue": "y"}],
    )
    stage.sandbox.run_to_end()

    found = stack.gather(stage, wanted)

    assert found.stack_sets[0].unknown == 1
    assert ONE not in found.stack_sets[0].told
    assert {f.pair for f in found.findings if f.kind is FindingKind.RESOURCE} == {FIVE}
    (outdated,) = stack.at(found, ONE).values()
    assert (outdated.what, outdated.reason) == (OUTDATED, "parameter overrides")


def test_pairs_that_a_stopped_detection_did_not_reach_are_known_from_the_one_before(
    stage: Stage,
) -> None:
    stack.rename_topic(stage, ONE)
    stack.detect(stage)
    client = stage.sandbox.session().client("cloudformation")
    operation = client.detect_stack_set_drift(StackSetName="base-topics")["OperationId"]
    client.stop_stack_set_operation(StackSetName="base-topics", OperationId=operation)
    stage.sandbox.run_to_end()

    found = stack.gather(stage, stack.manifest(stage))

    assert [f.pair for f in found.findings] == [ONE]
    assert found.stack_sets[0].unknown == 0


def test_a_pair_whose_last_detection_failed_is_unknown_and_its_findings_not_gone(
    stage: Stage,
) -> None:
    """CloudFormation calls it UNKNOWN then, with the time at which it could not look."""
    context, wanted = stage.context(), stack.manifest(stage)
    stack.rename_topic(stage, ONE)
    stack.detect(stage)
    remember_findings(context.journal, context.clock.now(), stack.gather(stage, wanted, context))
    stage.sandbox.fail(*ONE, action="DETECT_DRIFT", times=None)
    stack.detect(stage)

    found = stack.gather(stage, wanted)
    remember_findings(context.journal, context.clock.now(), found)

    assert found.stack_sets[0].unknown == 1
    assert [r.is_open for r in history(context.journal, NAME).values()] == [True]


@pytest.mark.parametrize("status", ["UNKNOWN", "NOT_CHECKED"])
def test_a_status_without_meaning_is_unknown_at_any_time(stage: Stage, status: str) -> None:
    stack.detect(stage)
    stage.sandbox.stack_set(NAME).instances[ONE].drift_status = status

    assert stack.gather(stage, stack.manifest(stage)).stack_sets[0].unknown == 1


def test_missing_and_extra_stack_instances_are_those_of_a_plan(stage: Stage) -> None:
    here = {"accounts": [*PROD[1:], *DEV, LAB[0]]}

    found = stack.gather(stage, stack.manifest(stage, targets=here))

    kinds = {(f.pair.account, f.what) for f in found.findings}
    assert kinds == {(PROD[0], EXTRA), (LAB[0], MISSING)}
    assert {f.kind for f in found.findings} == {FindingKind.INSTANCE}


def test_a_repaired_finding_is_outdated_until_the_next_detection(stage: Stage) -> None:
    """CloudFormation's status follows only with the next detection; and then it may be back."""
    wanted = stack.manifest(stage)
    context = stage.context()
    stack.rename_topic(stage, ONE)
    stack.detect(stage)
    found = stack.gather(stage, wanted, context)
    remember_findings(context.journal, context.clock.now(), found)
    stage.sandbox.clock.sleep(stack.HOUR)
    keys = [f.key for f in found.findings]

    now = context.clock.now()
    change_history(context.journal, NAME, lambda known: repaired(known, keys, "or-resync-1", now))

    after = stack.gather(stage, wanted)
    assert after.findings == ()
    assert after.stack_sets[0].repaired_since == 1
    remember_findings(context.journal, context.clock.now(), after)
    assert [r.is_open for r in history(context.journal, NAME).values()] == [False]

    stack.detect(stage)  # nothing was repaired at all, or another user changed it back
    again = stack.gather(stage, wanted)
    remember_findings(context.journal, context.clock.now(), again)
    (record,) = history(context.journal, NAME).values()
    assert [f.key for f in again.real] == keys
    assert (record.came_back, record.is_open, record.repaired_by) == (1, True, "or-resync-1")


def test_two_processes_that_write_the_history_at_once_both_succeed(stage: Stage) -> None:
    context = stage.context()
    stack.rename_topic(stage, ONE)
    stack.rename_topic(stage, TWO)
    stack.detect(stage)
    found = stack.gather(stage, stack.manifest(stage))
    one, two = (
        replace(found, findings=tuple(f for f in found.findings if f.pair == pair))
        for pair in (ONE, TWO)
    )
    meanwhile = HeldUpJournal(
        context.journal,
        "findings/",
        lambda: remember_findings(
            stage.context().journal,
            stage.context().clock.now(),
            two,
            lambda _key, pair: pair == TWO,
        ),
    )

    remember_findings(meanwhile, context.clock.now(), one, lambda _key, pair: pair == ONE)
    remember_findings(context.journal, context.clock.now(), one, lambda _key, pair: pair == ONE)

    assert {r.pair for r in history(context.journal, NAME).values()} == {ONE, TWO}


def test_missing_pairs_of_a_rollout_never_made_are_not_recorded_one_by_one(stage: Stage) -> None:
    """A journal document holds findings, and not an organization."""
    many = tuple(
        Finding(
            stack_set=TOPICS,
            pair=Pair(AccountId(f"{n:012}"), US),
            kind=FindingKind.INSTANCE,
            what=MISSING,
            verdict=Verdict.REAL,
        )
        for n in range(MOST_INSTANCES + 1)
    )
    context = stage.context()
    found = stack.gather(stage, stack.manifest(stage))

    remember_findings(context.journal, context.clock.now(), replace(found, findings=many))

    assert history(context.journal, NAME) == {}


def test_lists_that_lag_hide_no_finding_of_a_detection_just_run(tmp_path: Path) -> None:
    settings = Settings(operation_list_lag=timedelta(minutes=10))
    with Sandbox.start(organization(), settings=settings) as sandbox:
        stage = Stage(sandbox, tmp_path)
        wanted = stack.manifest(stage)
        stage.apply(wanted)
        stack.gather(stage, wanted)
        stack.rename_topic(stage, ONE)
        sandbox.clock.sleep(stack.HOUR)

        detect([NAME], stage.context(), lambda _: None, lambda _e, _p: None, patience=stack.HOUR)

        found = stack.gather(stage, wanted)
        assert [f.pair for f in found.findings] == [ONE]
        assert found.stack_sets[0].unknown == 0
