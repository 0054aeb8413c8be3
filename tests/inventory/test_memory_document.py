"""A memory in the journal: complete, and small."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgrollout.inventory.memory import Memory
from orgrollout.inventory.memory_document import memory_document, read_memory
from orgrollout.inventory.watermark import Watermark
from orgrollout.model.ids import AccountId, Digest, OperationId, Pair, Region, UnitId
from orgrollout.model.stack_set import InstanceStatus, StackInstance

REGIONS = [Region(f"eu-west-{n}") for n in range(1, 4)]
ACCOUNTS = [AccountId(f"{100_000_000_000 + n}") for n in range(6)]
MOMENT = datetime(2026, 1, 5, 8, tzinfo=UTC)
OPERATIONS = st.sampled_from([OperationId("or-a-1"), OperationId("theirs")])

pairs = st.builds(Pair, st.sampled_from(ACCOUNTS), st.sampled_from(REGIONS))
instances = st.builds(
    StackInstance,
    pair=pairs,
    status=st.sampled_from(InstanceStatus),
    detailed_status=st.sampled_from(["SUCCEEDED", "PENDING"]),
    status_reason=st.sampled_from(["", "denied"]),
    unit=st.none() | st.just(UnitId("ou-1")),
    last_operation=st.none() | OPERATIONS,
    changed_by=st.none() | OPERATIONS,
    drift_status=st.sampled_from(["NOT_CHECKED", "DRIFTED"]),
    last_drift_check=st.none()
    | st.integers(0, 10**9).map(lambda n: MOMENT + timedelta(milliseconds=n)),
    overrides=st.none() | st.dictionaries(st.sampled_from("ab"), st.text(max_size=3)),
)
memories = st.builds(
    Memory,
    stack_set_id=st.just("base:1"),
    definition=st.just(Digest("0123456789abcdef")),
    watermark=st.builds(
        Watermark,
        since=st.just(MOMENT),
        anchor=st.none() | OPERATIONS,
        known=st.frozensets(OPERATIONS),
    ),
    instances=st.lists(instances).map(lambda found: {each.pair: each for each in found}),
    answered=st.frozensets(OPERATIONS),
    unapplied=st.frozensets(st.tuples(OPERATIONS, pairs)),
    drift_runs=st.frozensets(OPERATIONS),
)


def through_json(memory: Memory) -> Any:
    return json.loads(json.dumps(memory_document(memory)))


@pytest.mark.slow
@given(memory=memories)
def test_a_memory_comes_back_as_it_was(memory: Memory) -> None:
    assert read_memory(through_json(memory)) == memory


@given(memory=memories)
def test_one_account_of_it_can_be_read_alone(memory: Memory) -> None:
    found = read_memory(through_json(memory), ACCOUNTS[0])

    assert found is not None
    mine = {p: i for p, i in memory.instances.items() if p.account == ACCOUNTS[0]}
    assert found.instances == mine


def test_what_another_version_wrote_counts_as_nothing() -> None:
    assert read_memory({"format_version": 99}) is None
    assert read_memory(["something else"]) is None


def deployed(count: int) -> dict[Pair, StackInstance]:
    """Return a stack set as it is after a rollout: accounts x Regions, all by one operation."""
    return {
        pair: StackInstance(
            pair=pair,
            status=InstanceStatus.CURRENT,
            detailed_status="SUCCEEDED",
            stack_id=f"arn:{pair}",
            last_operation=OperationId("or-a-1"),
        )
        for account in range(count)
        for region in REGIONS
        for pair in [Pair(AccountId(f"{10**11 + account}"), region)]
    }


def test_what_is_equal_is_kept_once_and_only_exceptions_take_room() -> None:
    """100,000 stack instances must not make a document of as many entries."""
    everything = deployed(1_000)
    plain = Memory(
        stack_set_id="base:1",
        definition=Digest("0123456789abcdef"),
        watermark=Watermark(),
        instances=everything,
    )
    odd = Pair(AccountId(f"{10**11 + 500}"), REGIONS[0])
    one_differs = {
        **everything,
        odd: StackInstance(pair=odd, status=InstanceStatus.OUTDATED, detailed_status="FAILED"),
    }
    mixed = Memory(
        stack_set_id="base:1",
        definition=Digest("0123456789abcdef"),
        watermark=Watermark(),
        instances=one_differs,
    )

    size = len(json.dumps(memory_document(plain)))
    assert size < 1_000 * 17 + 1_000  # the accounts' ids, once, and next to nothing besides
    assert len(json.dumps(memory_document(mixed))) - size < 150
