"""The clock of this machine compared with the Date of AWS's answers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from orgrollout.aws.transport.aws_time import AwsClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Machine:
    """A machine whose wall clock can be set, and whose monotonic clock cannot."""

    wall: datetime = NOON
    steady: float = 0.0
    told: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        return self.wall

    def sleep(self, duration: timedelta, /) -> None:
        self.wall += duration
        self.steady += duration.total_seconds()

    def clock(self) -> AwsClock:
        return AwsClock(self, self.told.append, steady=lambda: self.steady)


def answers(clock: AwsClock, *moments: datetime) -> None:
    for moment in moments:
        clock.heard(format_datetime(moment, usegmt=True))


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, 2 * MINUTE, timedelta(days=400)], ids=str)
def test_a_clock_wrong_by_more_than_a_minute_is_corrected_and_reported_once(
    ahead: timedelta,
) -> None:
    machine = Machine(wall=NOON + ahead)
    clock = machine.clock()

    answers(clock, NOON, NOON, NOON)

    assert clock.now() == NOON
    assert machine.told == [ahead]
    machine.sleep(MINUTE)
    assert clock.now() == NOON + MINUTE


@pytest.mark.parametrize("ahead", [timedelta(), 59 * SECOND, -59 * SECOND], ids=str)
def test_a_difference_below_a_minute_is_ignored(ahead: timedelta) -> None:
    machine = Machine(wall=NOON + ahead)
    clock = machine.clock()

    answers(clock, NOON, NOON)

    assert clock.now() == NOON + ahead
    assert machine.told == []
    assert clock.is_sure()


def test_one_answer_alone_proves_nothing() -> None:
    """A proxy that kept it, or a laptop that slept before it was read, would cut every soak."""
    machine = Machine()
    clock = machine.clock()
    answers(clock, NOON)
    assert clock.is_sure()

    answers(clock, NOON + HOUR)

    assert clock.now() == NOON
    assert not clock.is_sure()
    answers(clock, NOON)
    assert clock.is_sure()
    assert machine.told == []


def test_two_answers_that_disagree_prove_nothing() -> None:
    machine = Machine()
    clock = machine.clock()

    answers(clock, NOON + HOUR, NOON - HOUR, NOON + 5 * HOUR)

    assert clock.now() == NOON
    assert not clock.is_sure()


def test_one_answer_is_enough_where_aws_refuses_a_call_for_its_time() -> None:
    machine = Machine(wall=NOON + HOUR)
    clock = machine.clock()

    clock.heard(format_datetime(NOON, usegmt=True), refused=True)

    assert clock.now() == NOON
    assert machine.told == [HOUR]


def test_a_clock_that_is_set_is_in_doubt_until_the_next_answer() -> None:
    machine = Machine()
    clock = machine.clock()
    answers(clock, NOON, NOON)

    machine.wall += HOUR

    assert not clock.is_sure()
    answers(clock, NOON, NOON)
    assert clock.is_sure()
    assert (clock.now(), machine.told) == (NOON, [HOUR])
    machine.wall -= HOUR
    answers(clock, NOON, NOON)
    assert (clock.now(), machine.told) == (NOON, [HOUR, timedelta()])


def test_a_clock_is_in_doubt_after_five_minutes() -> None:
    machine = Machine()
    clock = machine.clock()
    assert not clock.is_sure()
    answers(clock, NOON)

    machine.sleep(4 * MINUTE)
    assert clock.is_sure()
    machine.sleep(2 * MINUTE)
    assert not clock.is_sure()


@pytest.mark.parametrize("date", ["", "today", "Thu, 32 Foo 2026 99:99:99 GMT"])
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    machine = Machine()
    clock = machine.clock()

    clock.heard(date)

    assert (clock.now(), machine.told, clock.is_sure()) == (NOON, [], False)
