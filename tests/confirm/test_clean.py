"""A process that dies leaves stack sets behind; `--clean` takes them away, and nothing else."""

from typing import Any

import pytest

from orgrollout.aws.transport.connection import Connection
from tests.confirm.support import CANARY, Canary, canary
from tests.stage import TOPIC

NAMES = ("update_instances_definition", "executed_change_set", "suspended_delete")


class KilledError(BaseException):
    """The process is gone: nothing in it may catch this."""


def dies_at(number: int, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Let the process die at one of its calls, before it is sent or when it was."""
    call, sent = Connection.call, []

    def dying(self: Connection, *arguments: Any) -> Any:
        sent.append(arguments[1])
        if len(sent) == number and not after:
            raise KilledError
        answer = call(self, *arguments)
        if len(sent) == number:
            raise KilledError
        return answer

    monkeypatch.setattr(Connection, "call", dying)


def killed(there: Canary, number: int, *, after: bool) -> None:
    with pytest.MonkeyPatch.context() as patched:
        dies_at(number, patched, after=after)
        with pytest.raises(KilledError):
            there.run(*NAMES)


@pytest.mark.parametrize(
    "number",
    [
        *(14, 45),
        *(pytest.param(each, marks=pytest.mark.slow) for each in (8, 9, 10, 11, 22, 60, 75, 90)),
    ],
)
def test_what_a_killed_run_left_is_taken_away(number: int) -> None:
    with canary() as there:
        killed(there, number, after=number % 2 == 0)

        assert there.clean() == {}
        assert there.left() == []
        assert there.clean() == {}


def test_an_operation_that_runs_is_waited_for() -> None:
    with canary() as there:
        killed(there, 14, after=True)
        before = there.left()

        assert there.clean() == {}
        assert before != there.left() == []
        refused = {c.error for c in there.sandbox.calls if c.operation == "DeleteStackInstances"}
        assert "OperationInProgressException" in refused


def test_a_stack_set_of_another_maker_stays() -> None:
    """Its name is right, and its description is not; or the other way round."""
    ours = "Made by orgrollout confirm, which removes it. Harmless."
    with canary() as there:
        client = there.sandbox.session().client("cloudformation")
        for name, description in (
            ("orgrollout-confirm-definition-0123abcd", "ours, by hand"),
            ("orgrollout-confirm-mine", ours),
            ("baseline", ours),
        ):
            client.create_stack_set(
                StackSetName=name,
                Description=description,
                TemplateBody=TOPIC,
                PermissionModel="SERVICE_MANAGED",
                AutoDeployment={"Enabled": False},
            )

        there.clean()

        kept = {each["StackSetName"] for each in client.list_stack_sets()["Summaries"]}
        assert kept == {
            "orgrollout-confirm-definition-0123abcd",
            "orgrollout-confirm-mine",
            "baseline",
        }


def test_what_cannot_be_removed_is_told() -> None:
    lasting = {"account": CANARY, "action": "DELETE", "times": "always", "reason": "denied"}
    with canary(faults=[{"fail": lasting}]) as there:
        outcome = there.run("create_on_current")["create_on_current"]

        assert outcome.finding.value == "skip"
        assert outcome.left == "its stack instances are still there after they were deleted"
        assert outcome.stack_set in there.left()
