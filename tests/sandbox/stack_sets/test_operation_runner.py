"""Section B: how many stack instances run at one time, and when an operation gives up.

The numbers are those of the user guide's page on the concurrency mode.
"""

from collections.abc import Iterator

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import (
    HOME,
    begin,
    cloudformation,
    fleet,
    instances,
    many,
    operation,
    results,
    service_managed,
)

FLEET = fleet(20)
CANCELLED = "Cancelled since failure tolerance has exceeded"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(many(len(FLEET))) as started:
        yield started


@pytest.fixture
def client(sandbox: Sandbox) -> CloudFormationClient:
    made = cloudformation(sandbox)
    service_managed(made)
    return made


def running(client: CloudFormationClient, identifier: str) -> list[str]:
    return [each["Account"] for each in results(client, identifier, "RUNNING")]


def test_strict_mode_lowers_concurrency_by_failures_6_then_5_then_3(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """Tolerance 5, concurrency 10: 6 at first, 5 after one failure, 3 after three."""
    sandbox.stuck(times=None, reason="boom")
    identifier = begin(sandbox, client, MaxConcurrentCount=10, FailureToleranceCount=5)

    assert len(running(client, identifier)) == 6
    sandbox.release(FLEET[0], HOME, "base")
    assert len(running(client, identifier)) == 5
    for account in FLEET[1:3]:
        sandbox.release(account, HOME, "base")
    assert len(running(client, identifier)) == 3
    assert sandbox.operations("base")[-1].max_concurrent == 6


def test_strict_mode_fails_at_tolerance_plus_one_and_no_later(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(times=None)
    identifier = begin(sandbox, client, MaxConcurrentCount=10, FailureToleranceCount=5)
    sandbox.run_to_end()

    assert operation(client, identifier)["Status"] == "FAILED"
    assert len(results(client, identifier, "FAILED")) == 6
    assert len(results(client, identifier, "CANCELLED")) == len(FLEET) - 6


def test_strict_mode_is_capped_and_not_refused_where_maximum_passes_tolerance(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    begin(sandbox, client, MaxConcurrentCount=10)
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].max_concurrent == 1


def test_soft_mode_finishes_what_is_in_flight_8_failed_15_done(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """Tolerance 5, concurrency 10: the sixth failure stops dispatching, nine still finish."""
    doomed = {*FLEET[:6], FLEET[8], FLEET[12]}
    for account in FLEET:
        sandbox.stuck(account, reason="boom" if account in doomed else "")
    identifier = begin(
        sandbox,
        client,
        MaxConcurrentCount=10,
        FailureToleranceCount=5,
        ConcurrencyMode="SOFT_FAILURE_TOLERANCE",
    )
    for account in FLEET[:5]:
        assert len(running(client, identifier)) == 10
        sandbox.release(account, HOME, "base")
    sandbox.release(FLEET[5], HOME, "base")
    assert len(running(client, identifier)) == 9
    for account in running(client, identifier):
        sandbox.release(account, HOME, "base")
    sandbox.run_to_end()

    record = sandbox.operations("base")[-1]
    assert record.status == "FAILED"
    assert len(record.failed) == 8
    assert len(record.failed | record.succeeded) == 15
    assert len(record.cancelled) == 5


def test_soft_mode_is_a_sliding_window_and_no_batches(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.stuck(FLEET[0])
    begin(
        sandbox,
        client,
        MaxConcurrentCount=2,
        FailureToleranceCount=19,
        ConcurrencyMode="SOFT_FAILURE_TOLERANCE",
    )
    sandbox.run_to_end()
    record = sandbox.operations("base")[-1]
    assert len(record.succeeded) == len(FLEET) - 1
    assert record.status == "RUNNING"


def test_succeeded_means_within_the_tolerance_3_of_20_failed(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    for account in FLEET[3:6]:
        sandbox.fail(account, reason="boom")
    identifier = begin(sandbox, client, FailureToleranceCount=3, MaxConcurrentCount=4)
    sandbox.run_to_end()

    done = operation(client, identifier)
    assert done["Status"] == "SUCCEEDED"
    assert done["StatusDetails"]["FailedStackInstancesCount"] == 3
    assert {each["Account"] for each in results(client, identifier, "FAILED")} == set(FLEET[3:6])


def test_tolerance_defaults_to_none_and_concurrency_to_one(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(FLEET[4])
    begin(sandbox, client)
    sandbox.run_to_end()
    record = sandbox.operations("base")[-1]
    assert record.status == "FAILED"
    assert record.max_concurrent == 1
    assert (len(record.succeeded), len(record.failed), len(record.cancelled)) == (4, 1, 15)


@pytest.mark.parametrize(("percentage", "at_once"), [(19, 3), (20, 4), (1, 1), (100, 20)])
def test_concurrency_percentage_rounds_down_to_one_at_least(
    sandbox: Sandbox, client: CloudFormationClient, percentage: int, at_once: int
) -> None:
    begin(sandbox, client, MaxConcurrentPercentage=percentage, FailureTolerancePercentage=100)
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].max_concurrent == at_once


@pytest.mark.parametrize(("failures", "status"), [(1, "SUCCEEDED"), (2, "FAILED")])
def test_tolerance_percentage_rounds_down(
    sandbox: Sandbox, client: CloudFormationClient, failures: int, status: str
) -> None:
    """9 % of 20 accounts is one, not two."""
    for account in FLEET[:failures]:
        sandbox.fail(account)
    identifier = begin(sandbox, client, FailureTolerancePercentage=9)
    sandbox.run_to_end()
    assert operation(client, identifier)["Status"] == status


def test_failures_are_counted_per_region(sandbox: Sandbox, client: CloudFormationClient) -> None:
    """One failure in each of two Regions is within a tolerance of one."""
    sandbox.fail(FLEET[0], HOME)
    sandbox.fail(FLEET[1], "eu-west-1")
    identifier = begin(sandbox, client, regions=[HOME, "eu-west-1"], FailureToleranceCount=1)
    sandbox.run_to_end()
    done = operation(client, identifier)
    assert done["Status"] == "SUCCEEDED"
    assert done["StatusDetails"]["FailedStackInstancesCount"] == 2


def test_concurrency_is_counted_per_region_when_regions_run_in_parallel(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    begin(
        sandbox,
        client,
        regions=[HOME, "eu-west-1"],
        RegionConcurrencyType="PARALLEL",
        MaxConcurrentCount=3,
        FailureToleranceCount=19,
    )
    sandbox.run_to_end()
    record = sandbox.operations("base")[-1]
    assert record.max_concurrent == 6
    assert set(record.max_concurrent_by_region.values()) == {3}


def test_regions_run_one_after_the_other_in_region_order(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    identifier = begin(
        sandbox,
        client,
        regions=[HOME, "eu-west-1"],
        RegionOrder=["eu-west-1", HOME],
        MaxConcurrentPercentage=100,
        FailureTolerancePercentage=100,
    )
    assert {each["Region"] for each in results(client, identifier, "RUNNING")} == {"eu-west-1"}
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].max_concurrent == len(FLEET)


def test_a_region_over_its_tolerance_cancels_its_rest_and_all_remaining_regions(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(FLEET[2], "eu-west-1")
    identifier = begin(
        sandbox, client, regions=[HOME, "eu-west-1"], RegionOrder=["eu-west-1", HOME]
    )
    sandbox.run_to_end()

    record = sandbox.operations("base")[-1]
    assert operation(client, identifier)["Status"] == "FAILED"
    assert record.succeeded == {(account, "eu-west-1") for account in FLEET[:2]}
    assert {pair for pair in record.cancelled if pair[1] == HOME} == {(a, HOME) for a in FLEET}


def test_cancelled_instances_are_outdated_and_bear_the_operation(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(FLEET[0])
    identifier = begin(sandbox, client)
    sandbox.run_to_end()

    by_account = {each["Account"]: each for each in instances(client)}
    failed, cancelled = by_account[FLEET[0]], by_account[FLEET[1]]
    assert (failed["Status"], failed["StackInstanceStatus"]["DetailedStatus"]) == (
        "OUTDATED",
        "FAILED",
    )
    assert cancelled["Status"] == "OUTDATED"
    assert cancelled["StackInstanceStatus"]["DetailedStatus"] == "CANCELLED"
    assert cancelled["StatusReason"] == CANCELLED
    assert cancelled["LastOperationId"] == identifier
    assert "StackId" not in cancelled
