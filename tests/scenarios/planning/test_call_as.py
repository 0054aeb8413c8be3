"""`call_as` of the manifest holds for a caller who resumes a rollout without the manifest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.drivers.local import drive
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look, plan_from
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.cli.support import write_manifest
from tests.stage import BASE, organization

MANIFEST = {**BASE, "call_as": "delegated_admin", "regions": ["us-east-1"]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(organization(delegated_administrators=["d1"])) as made:
        yield made


def test_resume_uses_call_as_of_the_manifest(sandbox: Sandbox, tmp_path: Path) -> None:
    def context() -> Context:
        connection = connect(session=sandbox.session("d1"), clock=sandbox.clock)
        journal = SqliteJournal(tmp_path / "journal.sqlite")
        stack_sets = StackSets(connection)  # as in `resume`, which gets no CallAs
        return Context(
            connection=connection, stack_sets=stack_sets, journal=journal, clock=sandbox.clock
        )

    loaded = load_manifest(write_manifest(tmp_path, MANIFEST))
    planning = context()
    plan = plan_from(loaded, look(loaded, planning, lambda _: None), planning)
    rollout = begin_rollout(plan, planning).state.id
    sandbox.calls.clear()

    ended = drive(rollout, context(), lambda _: None)

    assert ended.state.outcome is Outcome.SUCCEEDED
    assert ended.plan.call_as == "delegated_admin"
    # Before a stack set exists, it is looked for among the account's own, too.
    called = [c for c in sandbox.calls if c.params.get("StackSetName") and c.error is None]
    assert {c.params.get("CallAs") for c in called} == {"DELEGATED_ADMIN"}
    assert "DescribeOrganization" not in {c.operation for c in sandbox.calls}
