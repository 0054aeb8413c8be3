"""Processes that are delayed in the middle of their work, while others continue."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.journal.port import Journal, Version
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from tests.stage import Stage, new_session


class Dead(BaseException):
    """The process is gone: no handler of the product may catch this."""


class HeldUpJournal:
    """A journal whose user is held up right after a commit, once: ``meanwhile`` happens then."""

    def __init__(self, journal: Journal, key: str, meanwhile: Callable[[], object]) -> None:
        self._journal = journal
        self._key = key
        self._meanwhile: Callable[[], object] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        version = self._journal.put(key, value, expected=expected)
        if key.startswith(self._key) and (meanwhile := self._meanwhile):
            self._meanwhile = None
            meanwhile()
        return version


def begun(stage: Stage) -> RolloutId:
    """Return a rollout whose stack sets exist, so that its next tick starts operations."""
    rollout = stage.begin()
    stage.step(rollout)
    assert stage.writes() == ["CreateStackSet"]
    assert stage.load(rollout).state.in_flight == ()
    return rollout


def held_up_after_commit(stage: Stage, meanwhile: Callable[[], object]) -> Context:
    """Return the context of a process that is delayed after its first commit."""
    context = stage.context()
    return replace(context, journal=HeldUpJournal(context.journal, "rollout/", meanwhile))


def held_up_while_sending(
    stage: Stage,
    meanwhile: Callable[[], object],
    *,
    operation: str = "CreateStackInstances",
    then: Callable[[], object] = lambda: None,
) -> Context:
    """Return the context of a process that is delayed when nothing can prevent its request.

    The request is signed; it goes out after ``meanwhile``, and ``then`` happens with the answer.
    """
    session = new_session()
    left = [meanwhile]

    def before(**_: Any) -> None:
        if left:
            left.pop()()

    def after(**_: Any) -> None:
        if not left:
            then()

    session.events.register_first(f"before-send.cloudformation.{operation}", before)
    session.events.register_last(f"after-call.cloudformation.{operation}", after)
    connection = connect(session=session, clock=stage.sandbox.clock)
    return replace(stage.context(), connection=connection, stack_sets=StackSets(connection))


def die() -> object:
    """End the running process as a kill would."""
    raise Dead


def until_dead(what: Callable[[], object]) -> None:
    """Do something until the process dies of it."""
    with suppress(Dead):
        what()
        raise AssertionError("it was to die")
