"""A rollout's history has all events and orders, although processes die in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drivers.local import drive, stop_holders
from orgrollout.journal.port import Journal, Version
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.documents.rollout_events import history_of
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.reconcile.lifecycle.begin import begin_rollout, unlock
from orgrollout.rollout.decide.operator_commands import resume, retry, stop
from orgrollout.rollout.state.state import Phase
from orgrollout.sandbox import Sandbox
from tests.drivers.support import Dead, die, until_dead
from tests.matrix.story import QUICK
from tests.scenarios.manifests import DENIED, with_waves
from tests.stage import BASE, DEV, PROD, US, Stage, exactly, organization

pytestmark = pytest.mark.slow

CANARY = {"name": "canary", "accounts": [PROD[0]]}


class MortalJournal:
    """A journal whose user dies right after the n-th write to a rollout's record or history."""

    def __init__(self, journal: Journal, at: int | None = None) -> None:
        self._journal = journal
        self._at = at
        self.passed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        version: Version = self._journal.put(key, value, expected=expected)
        if key.startswith("rollout/"):
            self._pass()
        return version

    def append(self, stream: str, value: Any) -> int:
        position: int = self._journal.append(stream, value)
        self._pass()
        return position

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._at:
            die()


@contextmanager
def told(folder: Path) -> Iterator[tuple[Stage, RolloutId]]:
    """Give a rollout in which something is tried again, fails for good, and is refused."""
    folder.mkdir()
    with Sandbox.start(organization(), settings=QUICK) as sandbox:
        stage = Stage(sandbox, folder)
        stage.apply()
        manifest = deepcopy(with_waves(CANARY, max_failed_accounts=3))
        manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
        sandbox.fail(PROD[0], US, reason="Rate exceeded")
        sandbox.fail(DEV[0], US, reason=DENIED)
        rollout = stage.begin(manifest)
        sandbox.session().client("cloudformation").delete_stack_instances(
            StackSetName="base-topics",
            DeploymentTargets=exactly(sandbox, PROD[2]),
            Regions=["us-east-1"],
            RetainStacks=True,
        )
        sandbox.run_to_end()
        yield stage, rollout


def lines(stage: Stage, rollout: RolloutId) -> list[dict[str, Any]]:
    return [entry.value for entry in stage.context().journal.read(history_of(rollout))]


def happened(stage: Stage, rollout: RolloutId) -> list[tuple[str, str]]:
    """Return the history as a reader sees it: a repeated line counts once."""
    found = {line["number"]: line["events"] for line in lines(stage, rollout)}
    return [(event["kind"], event["text"]) for _, each in sorted(found.items()) for event in each]


def test_no_event_is_lost_by_a_kill_after_any_write(tmp_path: Path) -> None:
    with told(tmp_path / "undisturbed") as (stage, rollout):
        context = stage.context()
        journal = MortalJournal(context.journal)
        drive(rollout, replace(context, journal=journal), lambda _: None)
        expected = happened(stage, rollout)
        numbers = [line["number"] for line in lines(stage, rollout)]
    assert {"refused", "retry", "operation ended", "finished"} <= {kind for kind, _ in expected}
    assert numbers == [*range(1, len(numbers) + 1)]

    for moment in range(1, journal.passed + 1):
        with told(tmp_path / str(moment)) as (stage, rollout):
            context = stage.context()
            dying = MortalJournal(context.journal, moment)
            with suppress(Dead):
                drive(rollout, replace(context, journal=dying), lambda _: None)
            assert stage.finish(rollout).state.phase is Phase.FINISHED
            assert happened(stage, rollout) == expected, moment


def test_each_process_adds_only_new_events(stage: Stage) -> None:
    """The last commit of the process before it is in the stream already."""
    rollout = stage.begin()
    while not stage.load(rollout).state.phase.is_over:
        stage.step(rollout)

    numbers = [line["number"] for line in lines(stage, rollout)]
    assert numbers == [*range(1, len(numbers) + 1)]


def test_every_order_is_recorded_with_its_person_and_time(stage: Stage) -> None:
    stage.sandbox.fail("p1", None, times=1, reason=DENIED)
    rollout = stage.apply(with_waves(CANARY)).state.id
    context, journal = stage.context(), stage.context().journal
    given = []

    def order(text: str, what: Callable[[Any], Any]) -> None:
        given.append((text, stage.sandbox.clock.now().isoformat()))
        give_order(journal, rollout, what, context.said(text))

    order("retry", lambda r: retry(r.plan, r.state))
    stage.step(rollout)
    order("stop", lambda r: stop(r.state))
    stage.finish(rollout)
    given.append(("unlock", stage.sandbox.clock.now().isoformat()))
    unlock(journal, rollout, context.said("unlock"))
    order("resume", lambda r: resume(r.state))
    stage.finish(rollout)

    noted = [line for line in lines(stage, rollout) if line["events"][0]["kind"] == "order"]
    assert [(line["events"][0]["text"], line["at"]) for line in noted] == given
    assert {line["by"] for line in noted} == {context.connection.identity.arn}
    numbers = [line["number"] for line in lines(stage, rollout)]
    assert numbers == [*range(1, len(numbers) + 1)]


def test_an_order_is_recorded_although_its_process_died(stage: Stage) -> None:
    rollout, context = stage.begin(), stage.context()
    dying = MortalJournal(context.journal, at=1)
    until_dead(lambda: give_order(dying, rollout, lambda r: stop(r.state), context.said("stop")))
    assert lines(stage, rollout) == []

    stage.finish(rollout)

    assert happened(stage, rollout)[0] == ("order", "stop")


def test_the_caller_who_supersedes_is_recorded(stage: Stage) -> None:
    waiting = {**CANARY, "after": {"approval": "required"}}
    older = stage.apply(with_waves(waiting)).state.id
    context = stage.context()
    stop_holders([StackSetName("base-topics")], context, lambda _: None)

    begin_rollout(stage.plan(BASE), context, supersede=True)

    assert happened(stage, older)[-3:] == [
        ("order", "stop"),
        ("stopped", "nothing is running any more"),
        ("order", "superseded by base-2"),
    ]
