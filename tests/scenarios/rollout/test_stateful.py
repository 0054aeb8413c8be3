"""Operators, faults and drivers in any order: invariants of every moment, and of the end.

Each intent becomes one operation at most, no update is untargeted, nothing outside of the plan is
touched, nothing of the plan is lost, what another user sends is spread no further, and a rollout
that says it succeeded has.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Phase_
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orgrollout.drivers.local import drive
from orgrollout.errors import OrgRolloutError
from orgrollout.model.operation_id import read_operation_id
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.reconcile.lifecycle.begin import unlock
from orgrollout.reconcile.tick.tick import tick
from orgrollout.rollout.decide.operator_commands import (
    WrongPhaseError,
    approve,
    resume,
    retry,
    stop,
)
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.sandbox import Sandbox, Settings
from tests.matrix.killing import Fuse, Killed, die_in_process, fused_context
from tests.pairwise import pairwise
from tests.stage import BASE, DEV, PROD, TOPIC, Stage, exactly, organization

pytestmark = pytest.mark.slow

ROWS = list(pairwise())
QUICK = Settings(median_duration=timedelta(seconds=20), deploy_resources=False)
WAYS = ("update_stack_instances", "update_stack_set")
NAME = "base-topics"
THEIRS = TOPIC + "    DependsOn: []\n"
REASONS = ("Rate exceeded", "Internal Failure", "never seen before", "already exists")
WRITES = ("CreateStackInstances", "UpdateStackInstances", "UpdateStackSet")


class Rollouts(RuleBasedStateMachine):
    """One rollout of an update with new accounts, and all that can happen to it."""

    rows: ClassVar[Sequence[dict[str, Any]]] = ROWS

    @initialize(data=st.data(), way=st.sampled_from(WAYS), approval=st.booleans())
    def begin(self, data: st.DataObject, way: str, approval: bool) -> None:
        row = data.draw(st.sampled_from(self.rows))
        self.folder = tempfile.TemporaryDirectory()
        self.sandbox = Sandbox.start(organization(), settings=replace(QUICK, **row))
        self.sandbox.__enter__()
        self.stage = Stage(self.sandbox, Path(self.folder.name))
        before = {**deepcopy(BASE), "targets": {"organizational_units": ["/Prod"]}}
        self.stage.apply(before)
        self.before = len(self.sandbox.calls)
        manifest = deepcopy(BASE)
        manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
        after: dict[str, Any] = {"soak": "30m", **({"approval": "required"} if approval else {})}
        manifest["rollout"] = {
            "waves": [{"name": "canary", "sample": {"per_ou": 1}, "after": after}],
            "max_failed_accounts": 2,
            "updates_by": way,
        }
        self.rollout = self.stage.begin(manifest)
        self.worlds = [self.stage.context() for _ in range(3)]
        plan = self.stage.load(self.rollout).plan
        self.planned = {pair for o in plan.operations for pair in o.rectangle.pairs}
        self.theirs: set[int] = set()  # versions of the definition that another user sent
        self.touched: set[tuple[str, str]] = set()  # where they sent them

    @rule(driver=st.integers(0, 2), wait=st.booleans())
    def a_driver_ticks(self, driver: int, wait: bool) -> None:
        """Any of three processes does the next step."""
        with suppress(OrgRolloutError):
            done = tick(self.rollout, self.worlds[driver])
            if wait and done.wake_after is not None:
                self.sandbox.clock.sleep(done.wake_after)

    @rule(point=st.integers(1, 12))
    def a_driver_dies(self, point: int) -> None:
        """Before or after a call or a commit, whichever comes then."""
        fuse = Fuse(at={point}, die=die_in_process)
        context = fused_context(self.stage.context().journal, self.sandbox.clock, fuse)
        with suppress(OrgRolloutError, Killed):
            tick(self.rollout, context)

    @rule(minutes=st.integers(1, 120))
    def time_passes(self, minutes: int) -> None:
        self.sandbox.clock.sleep(timedelta(minutes=minutes))

    @rule(account=st.sampled_from((*PROD, *DEV)), reason=st.sampled_from(REASONS))
    def a_stack_instance_will_fail(self, account: str, reason: str) -> None:
        self.sandbox.fail(account, "us-east-1", reason=reason)

    @rule(operation=st.sampled_from((*WRITES, None)), times=st.integers(1, 4))
    def answers_get_lost(self, operation: str | None, times: int) -> None:
        self.sandbox.lose_response(operation, times=times)

    @rule(times=st.integers(1, 30))
    def aws_is_away(self, times: int) -> None:
        self.sandbox.server_error(times=times)

    @rule(account=st.sampled_from(PROD))
    def an_account_is_suspended(self, account: str) -> None:
        self.sandbox.suspend(account)

    @rule()
    def another_user_looks_for_drift(self) -> None:
        client = self.sandbox.session().client("cloudformation")
        with suppress(ClientError, ReadTimeoutError):  # theirs are refused and get lost, too
            client.detect_stack_set_drift(StackSetName=NAME)

    @rule()
    def another_user_sends_another_definition(self) -> None:
        """Aimed at one stack instance, while nothing runs."""
        there = self.sandbox.stack_set(NAME)
        done = min(there.instances)
        client = self.sandbox.session().client("cloudformation")
        version = there.definition.version
        with suppress(ClientError, ReadTimeoutError):
            client.update_stack_set(
                StackSetName=NAME,
                TemplateBody=THEIRS,
                DeploymentTargets=exactly(self.sandbox, done[0]),
                Regions=[done[1]],
            )
        if self.sandbox.stack_set(NAME).definition.version != version:
            self.theirs.add(self.sandbox.stack_set(NAME).definition.version)
            self.touched.add(done)

    @rule(account=st.sampled_from((*PROD, *DEV)))
    def the_operator_tries_one_account_again(self, account: str) -> None:
        with suppress(WrongPhaseError):
            give_order(
                self.worlds[0].journal,
                self.rollout,
                lambda r: retry(r.plan, r.state, lambda f: f.pair.account == account),
            )

    @rule(order=st.sampled_from(("stop", "resume", "retry", "approve")))
    def the_operator_orders(self, order: str) -> None:
        now = self.sandbox.clock.now()
        orders: dict[str, Any] = {
            "stop": lambda r: stop(r.state),
            "resume": lambda r: resume(r.state),
            "retry": lambda r: retry(r.plan, r.state),
            "approve": lambda r: approve(r.plan, r.state, "arn:grace", now),
        }
        with suppress(WrongPhaseError):
            give_order(self.worlds[0].journal, self.rollout, orders[order])

    @rule()
    def an_operator_unlocks_it_by_force(self) -> None:
        """Its driver is cut off, until an operator resumes it."""
        unlock(self.worlds[0].journal, self.rollout)

    @precondition(lambda self: hasattr(self, "sandbox"))
    @invariant()
    def each_operation_starts_once_and_where_it_was_planned(self) -> None:
        calls = [c for c in self.sandbox.calls[self.before :] if c.operation in WRITES]
        for call in calls:
            assert call.params["DeploymentTargets"]["AccountFilterType"] == "INTERSECTION"
        mine = [o for o in self.sandbox.operations(NAME) if o.id.startswith(f"or-{self.rollout}-")]
        assert all(o.targets <= self.planned for o in mine)
        intents = Counter(said.number for o in mine if (said := read_operation_id(o.id)))
        assert max(intents.values(), default=1) == 1
        ours = {o.id for o in mine}
        sent = {c.params["OperationId"] for c in calls if "TemplateBody" in c.params} & ours
        assert len(sent) <= 1

    @precondition(lambda self: hasattr(self, "sandbox"))
    @invariant()
    def nothing_of_the_plan_is_lost(self) -> None:
        """It waits, is under way, has failed, or an operation that is over was sent for it."""
        rollout = self.stage.load(self.rollout)
        state, sent = rollout.state, {o.id: o.targets for o in self.sandbox.operations(NAME)}
        known: dict[int, set[tuple[str, str]]] = defaultdict(set)
        in_flight = (*state.in_flight, *state.withdrawn)
        for pending in (*state.waiting, *(each.pending for each in in_flight)):
            known[pending.planned] |= pending.pairs
        for failure in state.failures:
            known[failure.planned].add(failure.pair)
        for completed in state.completed:
            known[completed.planned] |= sent[completed.id]
        for index, operation in enumerate(rollout.plan.operations):
            assert set(operation.rectangle.pairs) <= known[index]

    @precondition(lambda self: hasattr(self, "sandbox"))
    @invariant()
    def operations_of_another_user_spread_no_further(self) -> None:
        instances = self.sandbox.stack_set(NAME).instances
        theirs = {p for p, each in instances.items() if each.applied_version in self.theirs}
        assert theirs <= self.touched

    @precondition(lambda self: hasattr(self, "sandbox"))
    @invariant()
    def a_rollout_reported_as_succeeded_has_succeeded(self) -> None:
        rollout = self.stage.load(self.rollout)
        if rollout.state.outcome is not Outcome.SUCCEEDED:
            return
        skipped = {f.pair for f in rollout.state.failures if f.kind is FailureClass.SKIPPED}
        there = self.sandbox.stack_set(NAME).instances
        for pair in self.planned - skipped:
            assert there[pair].applied_version == self.sandbox.stack_set(NAME).definition.version

    def teardown(self) -> None:
        """However it went: without new faults, an operator can bring it to an end."""
        if not hasattr(self, "sandbox"):
            return
        try:
            self.sandbox.simulation.faults.calls.clear()
            self._bring_to_an_end()
        finally:
            self.sandbox.__exit__(None, None, None)
            self.folder.cleanup()

    def _bring_to_an_end(self) -> None:
        now = self.sandbox.clock.now()
        with suppress(WrongPhaseError):  # it claims the unlocked stack sets again
            give_order(self.worlds[0].journal, self.rollout, lambda r: resume(r.state))
        for _ in range(4):
            state = drive(self.rollout, self.stage.context(), lambda _: None).state
            assert state.in_flight == ()
            journal = self.worlds[0].journal
            if state.phase is Phase.WAITING:
                give_order(
                    journal, self.rollout, lambda r: approve(r.plan, r.state, "arn:grace", now)
                )
            elif state.phase is Phase.STOPPED:
                give_order(journal, self.rollout, lambda r: resume(r.state))
            else:
                break
        assert state.phase.is_over
        self.a_rollout_reported_as_succeeded_has_succeeded()


def machine_runs(chosen: Sequence[dict[str, Any]], examples: int) -> None:
    class Chosen(Rollouts):
        rows = chosen

    run_state_machine_as_test(
        Chosen,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            phases=(Phase_.explicit, Phase_.generate),  # shrinking takes longer than reading
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_invariants_hold_in_some_orders_of_events() -> None:
    machine_runs(ROWS, 6)


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_the_invariants_hold_in_many_orders_of_events(row: int) -> None:
    """Every two values of undocumented behaviour occur together, each in a few stories."""
    machine_runs(ROWS[row : row + 1], 2)
