"""How far operations were read: none is missed, whatever order and delay a list has."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orgrollout.inventory.watermark import (
    LOOK_BACK,
    Watermark,
    advanced,
    newest_first,
    reaches_back,
    unread,
)
from orgrollout.model.ids import OperationId, StackSetName
from orgrollout.model.operation import Operation, OperationStatus

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
DONE, RUNNING = OperationStatus.SUCCEEDED, OperationStatus.RUNNING


def operation(minute: int | None, status: OperationStatus = DONE) -> Operation:
    return Operation(
        id=OperationId(f"at-{minute}"),
        stack_set=StackSetName("base"),
        action="UPDATE",
        status=status,
        created=None if minute is None else START + timedelta(minutes=minute),
    )


def ids(operations: tuple[Operation, ...] | None) -> list[str] | None:
    return None if operations is None else [o.id for o in operations]


def read_all(*listed: Operation) -> Watermark:
    over = frozenset(o.id for o in listed if o.status.is_terminal)
    return advanced(Watermark(), listed, over)


def test_what_was_read_is_not_read_again() -> None:
    listed = [operation(minute) for minute in (0, 10, 60)]
    mark = read_all(*listed)

    assert ids(unread(mark, listed)) == []
    assert ids(unread(mark, [*listed, operation(61), operation(70)])) == ["at-61", "at-70"]


def test_an_operation_that_turns_up_late_is_read() -> None:
    """The list is eventually consistent, so it may name an older operation after a newer one."""
    mark = read_all(operation(0), operation(60))

    assert ids(unread(mark, [operation(0), operation(50), operation(60)])) == ["at-50"]


def test_one_that_turns_up_later_than_anything_lags_is_a_gap() -> None:
    mark = read_all(operation(0), operation(60))

    assert unread(mark, [operation(0), operation(30), operation(60)]) is None


def test_the_watermark_stays_before_what_is_not_over() -> None:
    listed = [operation(0), operation(5, RUNNING), operation(90)]
    mark = read_all(*listed)

    assert mark.since == START + timedelta(minutes=5)
    assert mark.known == {"at-90"}
    assert ids(unread(mark, [operation(0), operation(5), operation(90)])) == ["at-5"]


def test_an_operation_that_has_expired_is_a_gap() -> None:
    """Results of what came between may have expired with it."""
    mark = read_all(operation(0), operation(60))

    assert unread(mark, [operation(60), operation(70)]) is None


def test_so_it_is_where_all_that_was_read_has_expired() -> None:
    mark = read_all(operation(60), operation(61))

    assert unread(mark, []) is None
    assert ids(unread(mark, [operation(61)])) == []


def test_a_stack_set_without_operations_has_no_gap() -> None:
    mark = read_all()

    assert ids(unread(mark, [])) == []
    assert ids(unread(mark, [operation(3), operation(2)])) == ["at-2", "at-3"]


def test_operations_without_a_time_are_read_again_each_time() -> None:
    """Other endpoints leave fields out; then nothing is known of what came when."""
    listed = [operation(None), operation(4)]
    mark = read_all(*listed)

    assert unread(mark, listed) is None
    assert unread(mark, []) is None


def test_a_list_that_begins_with_the_oldest_is_read_to_its_end() -> None:
    page = [operation(minute) for minute in (0, 1, 2)]

    assert not reaches_back(page, page, START + timedelta(minutes=2))
    assert reaches_back(page[::-1], page[::-1], START + timedelta(minutes=2))
    assert not reaches_back(page[::-1], page[::-1], START)
    assert not reaches_back(page, [], START)


@given(
    minutes=st.lists(st.integers(0, 600), min_size=1, max_size=12, unique=True),
    looks=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 14)), max_size=6),
)
def test_every_operation_is_read_once_however_the_list_lags(
    minutes: list[int], looks: list[tuple[int, int]]
) -> None:
    """At any time, nothing is missed and nothing repeated.

    A list that names nothing of what it named before cannot be told from one that has expired.
    """
    mark, seen = Watermark(), list[str]()
    for moment, lag in sorted([*looks, (1000, 0)]):
        listed = [operation(m) for m in minutes if m <= moment - lag]
        new = unread(mark, listed)
        if new is None:
            assert mark.known.isdisjoint(o.id for o in listed)
            mark, seen, new = Watermark(), [], tuple(listed)
        seen += [o.id for o in new]
        mark = advanced(mark, listed, frozenset(o.id for o in new))
    assert sorted(seen) == sorted(f"at-{m}" for m in minutes)


def test_newest_first_leaves_those_without_a_time_to_the_end() -> None:
    assert ids(newest_first([operation(1), operation(None), operation(2)])) == [
        "at-2",
        "at-1",
        "at-None",
    ]
    assert timedelta(minutes=15) == LOOK_BACK
