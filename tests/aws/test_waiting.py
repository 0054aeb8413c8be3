"""A caller who waits for an answer is told which call, and is told again at intervals."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from orgrollout.aws.transport import clients, waiting
from orgrollout.aws.transport.connection import connect
from orgrollout.aws.transport.waiting import Waiting, Waits
from orgrollout.errors import UnreachableError
from orgrollout.report.rollout.waiting import waiting_words
from tests.aws.wire import FakeClock, endpoint, ok
from tests.silence import silent_endpoint

DESCRIBED = ok(
    "DescribeStackSet",
    "<StackSet><StackSetName>base</StackSetName><StackSetId>base:1</StackSetId>"
    "<Status>ACTIVE</Status><TemplateBody>{}</TemplateBody></StackSet>",
)
SOON = timedelta(seconds=0.3)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An endpoint that never answers, with a read timeout of a second."""
    monkeypatch.setattr(clients, "READ_TIMEOUT", timedelta(seconds=1))
    with silent_endpoint() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url


def test_an_unanswered_call_is_reported_with_place_time_and_attempt(silent: str) -> None:
    told: list[Waiting] = []
    waits = Waits(told.append, first=SOON)
    connection = connect(clock=FakeClock(), jitter=lambda pause: pause, waits=waits)

    with pytest.raises(UnreachableError):
        connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "base"})

    first = next(each for each in told if each.what.startswith("cloudformation:"))
    assert (first.what, first.where) == (
        "cloudformation:DescribeStackSet",
        f"{connection.home_region}, {silent}",
    )
    assert SOON <= first.waited < timedelta(seconds=2)
    assert (first.attempt, first.attempts, first.error) == (1, 3, "")
    assert connection.calls["DescribeStackSet"] == 3


def test_an_unanswered_call_is_reported_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_SOON", timedelta(seconds=0.5))
    told: list[Waiting] = []
    waits = Waits(told.append, first=SOON)

    with waits.on("cloudformation:ListStackSets", "us-east-1", at_once=True):
        time.sleep(2)

    assert len(told) >= 2
    assert told[0].waited < told[1].waited
    assert told[1].others == 0


def test_parallel_unanswered_calls_are_one_notice() -> None:
    told: list[Waiting] = []
    waits = Waits(told.append, first=SOON)
    over = threading.Event()

    def wait(number: int) -> None:
        with waits.on(f"sts:AssumeRole {number}", at_once=True):
            over.wait(5)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.2)
    over.set()
    for thread in threads:
        thread.join()

    assert [each.others for each in told] == [3]


def test_a_call_that_is_answered_at_once_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Waiting] = []
    with endpoint(DESCRIBED) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
        waits = Waits(told.append, first=timedelta(seconds=2))
        connection = connect(clock=FakeClock(), waits=waits)
        for _ in range(5):
            connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "base"})
        time.sleep(2.5)

    assert told == []


def test_the_notice_has_place_time_and_attempt() -> None:
    seen = Waiting(
        what="cloudformation:ListStackSets",
        where="eu-west-1, account 111122223333",
        waited=timedelta(seconds=31),
        attempt=2,
        attempts=10,
        error="ReadTimeoutError",
        others=1,
    )
    assert waiting_words(seen) == (
        "waiting for cloudformation:ListStackSets in eu-west-1, account 111122223333: 31s, "
        "attempt 2 of 10 (the last one: no answer in time); 1 other call without an answer"
    )
