"""Faults with ``after``: a wrong name is refused at once; a late error hits no other request."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from orgrollout.sandbox import Sandbox, SandboxError, SandboxServer, ScaledClock, serve
from tests.sandbox.support import ACCOUNTS, HOME, ORGANIZATION, cloudformation, unit

ONE = ACCOUNTS[0]
LATER = {"after": 60}
WRONG = {
    "suspend": {"account": "absent", **LATER},
    "close": {"account": "absent", **LATER},
    "leave": {"account": "absent", **LATER},
    "move": {"account": "absent", "to": "Security", **LATER},
    "add_account": {"name": "new", "to": "/Absent", **LATER},
    "tamper": {
        "account": "absent",
        "region": HOME,
        "stack_set": "base",
        "logical_id": "Group",
        "path": "/RetentionInDays",
        "value": 7,
        **LATER,
    },
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_name_that_does_not_exist_is_refused_at_once(sandbox: Sandbox, kind: str) -> None:
    with pytest.raises(SandboxError, match="bsent' names 0 accounts or units"):
        sandbox.add_fault({kind: WRONG[kind]})
    assert sandbox.book.listed() == []
    sandbox.run_to_end()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"move": {"account": "w0", "to": "/Absent", **LATER}}, "names 0 accounts or units"),
        ({"move": {"account": "w0", "to": "w1", **LATER}}, "'w1' is an account, and no unit"),
        ({"add_account": {"name": "w0", **LATER}}, "there is an account 'w0' already"),
        ({"suspend": {"account": "w0", "after": -1}}, "expected a number of seconds, not -1"),
        ({"suspend": {"account": "w0", "after": "soon"}}, "expected a number of seconds"),
        ({"suspend": {"account": "w0", "after": 1e300}}, "expected a number of seconds"),
        ({"suspend": {"after": 60}}, "missing a required argument: 'account'"),
    ],
)
def test_other_mistakes_are_refused_at_once(
    sandbox: Sandbox, entry: dict[str, Any], expected: str
) -> None:
    with pytest.raises(SandboxError, match=expected):
        sandbox.add_fault(entry)
    with pytest.raises(SandboxError, match=expected):
        Sandbox.start(ORGANIZATION, faults=[entry])
    assert sandbox.book.listed() == []


def test_an_account_that_will_join_may_be_named(sandbox: Sandbox) -> None:
    sandbox.add_account("late", "/Workloads", after=timedelta(minutes=1))
    sandbox.move("late", "Security", after=timedelta(minutes=2))
    sandbox.run_to_end()
    own = sandbox.organization
    assert own.accounts[own.find("late")].parent_id == unit(sandbox, "Security")


def test_a_fault_that_fails_when_its_time_comes_leaves_the_next_request_alone(
    sandbox: Sandbox,
) -> None:
    """The account has left by then; the list of faults tells it."""
    sandbox.suspend("w0", after=timedelta(minutes=2))
    sandbox.leave("w0", after=timedelta(minutes=1))
    sandbox.close("w1", after=timedelta(minutes=2))
    sandbox.clock.sleep(timedelta(minutes=3))
    organizations = sandbox.session().client("organizations")
    state = organizations.describe_account(AccountId=ACCOUNTS[1])["Account"]["State"]
    assert state == "CLOSED", "what was due after it is carried out"
    suspended, left, closed = sandbox.book.listed()
    assert "names 0 accounts or units" in suspended["problem"]
    assert (left["problem"], closed["problem"]) == ("", "")
    assert not suspended["active"]
    assert sandbox.simulation.gateway.failures == []


def test_an_error_of_a_due_action_is_recorded_and_no_requests(sandbox: Sandbox) -> None:
    done = []

    def breaks() -> None:
        raise ZeroDivisionError

    soon = sandbox.clock.now() + timedelta(minutes=1)
    sandbox.simulation.timeline.at(soon, breaks)
    sandbox.simulation.timeline.at(soon, lambda: done.append(True))
    sandbox.clock.sleep(timedelta(minutes=2))
    assert cloudformation(sandbox).list_stack_sets()["Summaries"] == []
    (failure,) = sandbox.simulation.gateway.failures
    assert (failure.call, failure.kind, done) == ("timeline", "ZeroDivisionError", [True])

    sandbox.simulation.timeline.at(sandbox.clock.now(), breaks)
    with pytest.raises(ZeroDivisionError):
        sandbox.settle()


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with serve(ORGANIZATION, clock=ScaledClock(10)) as started:
        yield started


@pytest.mark.slow
def test_a_delay_holds_up_its_own_caller_only(server: SandboxServer) -> None:
    made = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")

    def client(service: str) -> Any:
        opened: Any = made
        return opened.client(service, HOME, endpoint_url=server.endpoint)

    delayed, other = client("cloudformation"), client("organizations")
    other.list_roots()
    server.sandbox.delay("ListStackSets", seconds=timedelta(seconds=50))
    slow = threading.Thread(target=delayed.list_stack_sets)
    begun = time.monotonic()
    slow.start()
    while server.sandbox.book.listed()[0]["active"]:
        time.sleep(0.01)
    other.list_roots()
    assert slow.is_alive(), "the other caller was answered first"
    slow.join(30)
    assert time.monotonic() - begun >= 5, "and the delayed one waited"
