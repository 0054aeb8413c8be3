"""The calls of a plan to CloudFormation, and the inventory kept between two plans."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks import inventory as bench
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.inventory.memory_document import read_memory
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.reading.plan_request import look, plan_from
from orgrollout.rollout.coverage import CoverageState
from orgrollout.sandbox import Sandbox, Settings
from tests.properties.life import ALL_AT_ONCE, NAME, Life, pairs_in
from tests.properties.variants import Variant
from tests.stage import BASE, DEV, EU, LAB, PROD, TOPICS, US, Stage, changed, organization, pairs

KEY = f"inventory/{NAME}"


@contextmanager
def staged(folder: Path, **chosen: Any) -> Iterator[Stage]:
    settings = Settings(deploy_resources=False, median_duration=timedelta(seconds=5), **chosen)
    with Sandbox.start(organization(), settings=settings) as sandbox:
        yield Stage(sandbox, folder)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def counted(stage: Stage, make: Callable[[], Any]) -> Counter[str]:
    """Return the calls to CloudFormation that it takes."""
    before = len(stage.sandbox.calls)
    make()
    calls = stage.sandbox.calls[before:]
    return Counter(c.operation for c in calls if c.service == "cloudformation")


def forget(stage: Stage) -> None:
    """Delete the inventory, as for a user with another journal."""
    stage.folder.joinpath("journal.sqlite").unlink()


def told(stage: Stage) -> tuple[Plan, list[str]]:
    """Return a plan, and the messages while it is made."""
    said: list[str] = []
    loaded, context = load_manifest(stage._write(BASE)), stage.context()
    return plan_from(loaded, look(loaded, context, said.append), context), said


def test_a_plan_without_changes_costs_two_calls_per_stack_set_and_the_list(quick: Stage) -> None:
    quick.apply()

    calls = counted(quick, quick.plan)

    assert calls == {"ListStackSets": 1, "DescribeStackSet": 1, "ListStackSetOperations": 1}


def test_only_stack_instances_that_others_changed_are_described(quick: Stage) -> None:
    quick.apply()
    Life(quick).their_update(PROD[:2], (US,), {"Other": "theirs"})
    quick.sandbox.run_to_end()

    calls = counted(quick, quick.plan)

    assert calls["DescribeStackInstance"] == 2
    assert calls["ListStackSetOperationResults"] == 1
    assert calls["ListStackInstances"] == 2  # those it named last, and those it may have marked
    assert changed(quick.plan(), OperationAction.UPDATE) == pairs(PROD[:2], (US,))
    assert counted(quick, quick.plan)["DescribeStackInstance"] == 0


def test_only_stack_instances_that_others_changed_are_described_without_a_journal(
    quick: Stage,
) -> None:
    quick.apply()
    Life(quick).their_update(PROD[:2], (US,), {"Other": "theirs"})
    quick.sandbox.run_to_end()
    forget(quick)

    calls = counted(quick, quick.plan)

    assert calls["DescribeStackInstance"] == 2
    assert calls["ListStackInstances"] == 1
    assert calls.total() == 6


def test_a_detection_does_not_add_calls_to_a_plan(quick: Stage) -> None:
    """It overwrites the last operation of every instance, and changes none."""
    quick.apply()
    Life(quick).detect_drift()
    quick.sandbox.run_to_end()

    assert counted(quick, quick.plan)["DescribeStackInstance"] == 0
    forget(quick)
    calls = counted(quick, quick.plan)

    assert calls["DescribeStackInstance"] == 0
    assert calls["ListStackSetOperationResults"] == 1
    assert quick.plan().is_empty


def test_a_plan_after_a_halt_does_not_change_pairs_that_were_never_reached(
    quick: Stage,
) -> None:
    """Even after a detection, which replaced the last operation of each in the list."""
    quick.apply()
    newer = deepcopy(BASE)
    newer["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
    newer["rollout"] = {"waves": [{"name": "canary", "percent": 20}]}
    canary = quick.plan(newer).waves[0].accounts
    quick.sandbox.fail(canary[0], times=None, stack_set=NAME, reason="it is not authorized to")
    quick.apply(newer)
    Life(quick).detect_drift()
    quick.sandbox.run_to_end()

    reached = {pair for _, pair, _ in quick.plan().changes()}
    forget(quick)

    assert reached == pairs(canary)
    assert {pair for _, pair, _ in quick.plan().changes()} == reached


def test_a_stack_set_that_was_recreated_is_read_in_full(quick: Stage) -> None:
    quick.apply()
    Life(quick).start_again()
    quick.sandbox.run_to_end()
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["adopt"] = True

    assert changed(quick.plan(manifest), OperationAction.CREATE) == pairs((*PROD, *DEV))


def test_a_stack_set_whose_operations_expired_unread_is_read_in_full(tmp_path: Path) -> None:
    with staged(tmp_path, operation_retention=timedelta(days=90)) as stage:
        stage.apply()
        stage.sandbox.clock.sleep(timedelta(days=89))
        Life(stage).their_delete(PROD[:1], (US,), True)
        stage.sandbox.run_to_end()
        stage.sandbox.clock.sleep(timedelta(days=91))

        calls = counted(stage, stage.plan)

        assert calls["ListStackInstances"] == 1
        assert changed(stage.plan(), OperationAction.CREATE) == {Pair(PROD[0], US)}
        assert counted(stage, stage.plan)["ListStackInstances"] == 0


def test_own_operations_are_known_before_any_list_has_them(tmp_path: Path) -> None:
    """A plan while a rollout is under way, or right after it, includes the operations begun."""
    lag = timedelta(seconds=90)
    with staged(tmp_path, operation_list_lag=lag, result_lag=lag) as stage:
        stage.limits = RateLimits(speed=1e9)  # so that two pictures of one moment can be compared
        life = Life(stage)
        life.apply(Variant())
        life.plan(Variant())
        stage.step(stage.begin(Variant(units=("/Prod", "/Dev", "/Lab")).manifest()), wait=False)

        remembered = life.picture()

        assert pairs_in(remembered) == pairs((*PROD, *DEV, *LAB))
        assert pairs_in(life.picture(remembering=False)) == pairs_in(remembered)


@pytest.mark.slow
def test_a_queued_stack_instance_is_not_current(tmp_path: Path) -> None:
    """PENDING may mean marked, and may mean not begun: unknown is never current."""
    lag = timedelta(seconds=90)
    with staged(tmp_path, operation_list_lag=lag, result_lag=lag) as stage:
        stage.apply()
        again = deepcopy(BASE)
        again["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
        rollout = stage.begin(again)
        stage.step(rollout, wait=False)

        states = Counter(row.state for row in stage.coverage(again).values())

        assert states[CoverageState.CURRENT] == 0
        assert states[CoverageState.OUTDATED] + states[CoverageState.IN_PROGRESS] == 14


def test_a_damaged_or_newer_inventory_counts_as_none(quick: Stage) -> None:
    quick.apply()
    journal = SqliteJournal(quick.folder / "journal.sqlite")
    kept = journal.get(KEY)
    assert kept is not None
    assert read_memory(kept.value) is not None
    for value in ({"format_version": 99}, {"format_version": 1}, "?"):
        before = journal.get(KEY)
        assert before is not None
        journal.put(KEY, value, expected=before.version)

        assert counted(quick, quick.plan)["ListStackInstances"] == 1
        assert quick.plan().is_empty


def test_two_processes_that_plan_at_once_do_not_disturb_each_other(quick: Stage) -> None:
    """The second writer keeps the document of the first."""
    quick.apply()
    Life(quick).their_delete(PROD[:1], (US, EU), True)
    quick.sandbox.run_to_end()
    loaded, context = load_manifest(quick._write(BASE)), quick.context()

    def meanwhile(said: str) -> None:
        if said.startswith("reading base"):
            quick.plan()

    picture = look(loaded, context, meanwhile)

    assert changed(plan_from(loaded, picture, context), OperationAction.CREATE) == pairs(PROD[:1])
    assert changed(quick.plan(), OperationAction.CREATE) == pairs(PROD[:1])


def test_the_organization_is_read_in_the_fewest_calls(quick: Stage) -> None:
    """Accounts include their path, and tags are read only if a selector needs them."""
    before = len(quick.sandbox.calls)
    quick.plan()
    tagged = deepcopy(BASE)
    tagged["targets"] = {"include": [{"organizational_units": ["/Dev"], "tags": {"a": ["b"]}}]}
    tagged["guards"] = {"on_empty_targets": "ok"}
    between = len(quick.sandbox.calls)
    quick.plan(tagged)

    def asked(calls: list[Any]) -> Counter[str]:
        return Counter(c.operation for c in calls if c.service == "organizations")

    plain = {
        "DescribeOrganization": 1,
        "ListAccounts": 1,
        "ListRoots": 1,
        "ListOrganizationalUnitsForParent": 5,
    }
    assert asked(quick.sandbox.calls[before:between]) == plain
    assert asked(quick.sandbox.calls[between:]) == {**plain, "ListTagsForResource": 11}


@pytest.mark.slow
def test_a_long_reading_is_announced_with_its_duration() -> None:
    """A plan that describes for an hour must not look as if it hung."""
    with bench.deployed(100) as everything:
        for region in bench.REGIONS[1:3]:
            everything.sandbox.another_user().client("cloudformation").update_stack_instances(
                StackSetName=bench.NAME,
                DeploymentTargets={
                    "OrganizationalUnitIds": [everything.sandbox.organization.root_id]
                },
                Regions=[region],
                OperationPreferences=ALL_AT_ONCE,
            )
            everything.sandbox.run_to_end()

        measured = everything.measure("", 0, "another.sqlite")

    said = [text for text in measured.told if "describing" in text]
    assert said == [
        "large-topics: describing 200 stack instances whose last operation was not ours: "
        "200 calls, about 0:01:40 at 2 a second"
    ]
    assert measured.stack_sets["DescribeStackInstance"] == 200


@pytest.mark.slow
def test_a_plan_for_ten_thousand_stack_instances_stays_within_its_calls() -> None:
    """The benchmark of the same name does it with ten times as many."""
    accounts = 1_000
    with bench.deployed(accounts) as everything:
        for each in bench.measured(everything, accounts):
            assert not each.is_too_much, (each.what, each.stack_sets)
            assert set(each.plan.counts()) <= {OperationAction.UPDATE}
            assert each.plan.counts().total() in {0, bench.THEIRS}
            assert TOPICS in each.plan.stack_sets


def test_a_definition_that_was_changed_and_changed_back_is_noticed(quick: Stage) -> None:
    """Both updates mark instances they were not aimed at, and the definition is as it was."""
    quick.apply()
    life = Life(quick)
    life.their_update(PROD[1:2], (US,), {})
    quick.sandbox.run_to_end()
    assert quick.plan().is_empty
    for suffix in ("b", "a"):
        life.their_definition(suffix, PROD[:1], (US,))
        quick.sandbox.run_to_end()

    remembered = changed(quick.plan(), OperationAction.UPDATE)
    forget(quick)

    # Whether this one ran the newer definition in between is not known any more.
    assert remembered == {Pair(PROD[1], US)}
    assert changed(quick.plan(), OperationAction.UPDATE) == remembered
