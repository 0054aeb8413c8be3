"""Settings: each with a note, and what is documented holds under every one of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgrollout.sandbox import Sandbox, SandboxFileError, ScaledClock, Settings, VirtualClock
from tests.pairwise import pairwise
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    ORGANIZATION,
    begin,
    cloudformation,
    deploy,
    instances,
    parameters,
    service_managed,
    targets,
    unit,
)


def test_every_setting_says_what_it_decides() -> None:
    for note in Settings.notes():
        assert note.text.endswith(".")
        assert not note.choices or note.default in note.choices


def test_a_file_may_set_them_in_seconds() -> None:
    made = Settings.from_mapping({"result_lag": 5, "seed": 3, "operation_retention": 60})
    assert made.result_lag == timedelta(seconds=5)
    assert made.operation_retention == timedelta(minutes=1)
    assert made.seed == 3


@pytest.mark.parametrize("given", [{"sede": 1}, {"account_order": "random"}])
def test_unknown_settings_and_values_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(SandboxFileError, match=next(iter(given))):
        Settings.from_mapping(given)


def test_what_is_documented_holds_under_every_pair_of_settings() -> None:
    """Throttling aside: this client does not wait, and would never come through."""
    combos = [{**each, "requests_per_second": None} for each in pairwise()]
    assert len(combos) < 40
    for number, chosen in enumerate(combos):
        with Sandbox.start(ORGANIZATION, settings=Settings(**chosen)) as sandbox:
            client = cloudformation(sandbox)
            service_managed(client)
            sandbox.fail(ACCOUNTS[0])
            done = deploy(sandbox, client, where="/", accounts=[*ACCOUNTS[:4], "555555555555"])
            assert done.failed == {(ACCOUNTS[0], HOME)}, chosen
            assert done.status == "SUCCEEDED", chosen
            again = deploy(sandbox, client, accounts=ACCOUNTS[:4])
            assert again.targets == {(ACCOUNTS[0], HOME)}, (number, chosen)
            client.update_stack_instances(
                StackSetName="base",
                DeploymentTargets=targets(unit(sandbox, "Workloads"), ACCOUNTS[:2]),
                Regions=[HOME],
                ParameterOverrides=parameters({"Days": "7"}),
            )
            sandbox.run_to_end()
            status = {each["Account"]: each["Status"] for each in instances(client)}
            assert {status[each] for each in ACCOUNTS[:4]} == {"CURRENT"}, chosen


@pytest.mark.parametrize(
    ("value", "finished"), [("cancel_all", frozenset()), ("region_only", {HOME})]
)
def test_what_parallel_cancellation_does_is_a_setting(value: str, finished: set[str]) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(parallel_cancellation=value)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        sandbox.fail(region="eu-west-1", times=None)
        begin(
            sandbox,
            client,
            "Workloads",
            regions=[HOME, "eu-west-1"],
            RegionConcurrencyType="PARALLEL",
        )
        sandbox.run_to_end()
        record = sandbox.operations("base")[-1]
        whole = {r for r in (HOME, "eu-west-1") if {(a, r) for a in ACCOUNTS} <= record.succeeded}
        assert whole == finished
        assert record.status == "FAILED"


@pytest.mark.parametrize(("value", "order"), [("after", ["b", "a"]), ("before", ["a", "b"])])
def test_where_omitted_regions_come_is_a_setting(value: str, order: list[str]) -> None:
    names = {"a": HOME, "b": "eu-west-1"}
    with Sandbox.start(ORGANIZATION, settings=Settings(region_order_rest=value)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        begin(sandbox, client, "Workloads", regions=names.values(), RegionOrder=["eu-west-1"])
        (first,) = {
            each["Region"]
            for each in instances(client)
            if each["StackInstanceStatus"]["DetailedStatus"] == "RUNNING"
        }
        assert first == names[order[0]]


def test_the_same_seed_makes_the_same_history() -> None:
    def ended(seed: int, order: str) -> Any:
        settings = Settings(seed=seed, account_order=order)
        with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
            client = cloudformation(sandbox)
            service_managed(client)
            begin(sandbox, client, "Workloads", MaxConcurrentCount=2, FailureToleranceCount=1)
            sandbox.run_to_end()
            return sandbox.operations("base")[-1].ended

    assert ended(1, "shuffled") == ended(1, "shuffled")
    assert ended(1, "sorted") != ended(2, "sorted")


def test_old_operations_vanish_if_a_retention_is_set() -> None:
    settings = Settings(operation_retention=timedelta(days=90))
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=ACCOUNTS[:1], OperationPreferences=FAST)
        sandbox.clock.sleep(timedelta(days=89))
        assert len(client.list_stack_set_operations(StackSetName="base")["Summaries"]) == 1
        sandbox.clock.sleep(timedelta(days=2))
        assert client.list_stack_set_operations(StackSetName="base")["Summaries"] == []


def test_a_virtual_clock_moves_only_when_it_is_advanced() -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.sleep(timedelta(hours=1))
    clock.sleep(timedelta(seconds=-5))
    assert clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))


def test_a_scaled_clock_runs_ahead_of_real_time() -> None:
    real = [100.0]
    clock = ScaledClock(600, datetime(2026, 1, 1, tzinfo=UTC), real=lambda: real[0])
    real[0] += 6
    assert clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="positive"):
        ScaledClock(0)
