"""An answer is like itself, and any change of it that means something is seen."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orgrollout.sandbox.replay.bindings import Bindings
from orgrollout.sandbox.replay.compare import compared
from orgrollout.sandbox.replay.record import Exchange, load_record

Leaf = tuple[str | int, ...]
OTHERS = {str: 7, int: "seven", float: "seven", bool: "true"}


@cache
def service(name: str) -> Any:
    return botocore.session.Session().get_service_model(name)


@pytest.fixture(scope="module")
def answered(rollout: Path) -> list[Exchange]:
    """Return one exchange of each operation that answered with something."""
    found = [e for e in load_record(rollout).exchanges if e.answer and e.answer.result]
    return list({each.api: each for each in found}.values())


def shape_of(exchange: Exchange) -> Any:
    return (
        service(exchange.request.service).operation_model(exchange.request.operation).output_shape
    )


def here(exchange: Exchange) -> dict[str, Any]:
    """Return the recorded answer as botocore would give it."""
    assert exchange.answer is not None
    found: dict[str, Any] = Bindings({}).sent(exchange.answer.result)
    return found


def leaves(value: Any, at: Leaf = ()) -> Iterator[Leaf]:
    """Yield the place of every member and every item."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield (*at, key)
            yield from leaves(below, (*at, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from leaves(below, (*at, number))


def holder(value: Any, leaf: Leaf) -> Any:
    for part in leaf[:-1]:
        value = value[part]
    return value


def test_an_answer_is_like_itself(answered: list[Exchange]) -> None:
    assert len(answered) >= 8
    for exchange in answered:
        assert exchange.answer is not None
        assert exchange.answer.result is not None
        found = compared(shape_of(exchange), exchange.answer.result, here(exchange), Bindings({}))
        assert found.found == []
        assert not found.is_behind


@settings(
    derandomize=True,
    max_examples=60,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_a_member_that_is_missing_or_of_another_type_is_seen(
    answered: list[Exchange], data: st.DataObject
) -> None:
    exchange = data.draw(st.sampled_from(answered))
    original = here(exchange)
    leaf = data.draw(st.sampled_from([p for p in leaves(original) if isinstance(p[-1], str)]))
    changed = copy.deepcopy(original)
    at = holder(changed, leaf)
    kind = type(at[leaf[-1]])
    if data.draw(st.booleans()) and kind in OTHERS:
        at[leaf[-1]] = OTHERS[kind]
    else:
        del at[leaf[-1]]
    assert exchange.answer is not None
    assert exchange.answer.result is not None

    found = compared(shape_of(exchange), exchange.answer.result, changed, Bindings({})).found

    assert {each.kind.value for each in found} & {"members", "type"}
    assert any(str(leaf[-1]) in each.place for each in found)


def test_what_goes_on_is_not_compared_but_told_as_behind() -> None:
    shape = service("cloudformation").operation_model("DescribeStackSetOperation").output_shape
    ended = {"StackSetOperation": {"Status": "SUCCEEDED", "EndTimestamp": {"$time": "2026"}}}
    going_on = {"StackSetOperation": {"Status": "RUNNING"}}

    behind = compared(shape, ended, going_on, Bindings({}))
    ahead = compared(shape, going_on, {"StackSetOperation": {"Status": "SUCCEEDED"}}, Bindings({}))

    assert behind.is_behind
    assert [(d.recorded, d.sandbox) for d in behind.found] == [("ended", "goes on")]
    assert (ahead.is_behind, ahead.found) == (False, [])


def test_a_value_that_a_request_named_cannot_be_another() -> None:
    shape = service("cloudformation").operation_model("DescribeStackSet").output_shape
    bindings = Bindings({})
    bindings.sent({"StackSetName": "base"})

    found = compared(
        shape,
        {"StackSet": {"StackSetName": "other", "StackSetId": "other:w1"}},
        {"StackSet": {"StackSetName": "base", "StackSetId": "base:x9"}},
        bindings,
    ).found

    assert [(d.place, d.recorded, d.sandbox) for d in found] == [
        ("StackSet.StackSetName", "other", "base")
    ]
    assert bindings.text("other:w1") == "base:x9"
