"""Invariants that hold at every moment, under all calls, faults and stops.

Random calls, faults and leaps of time against one stack set; everything is observed
through the API.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orgrollout.sandbox import Sandbox, Settings
from orgrollout.sandbox.quotas import limits_for
from orgrollout.sandbox.stack_sets.instance_lifecycle import SUSPENDED_REASON
from tests.sandbox.support import (
    HOME,
    TEMPLATE,
    cloudformation,
    code_of,
    fleet,
    instances,
    many,
    parameters,
    results,
    targets,
    unit,
)

FLEET = fleet(5)
REGIONS = (HOME, "eu-west-1")
WHERE = st.fixed_dictionaries(
    {
        "accounts": st.lists(st.sampled_from(FLEET), min_size=1, unique=True),
        "regions": st.lists(st.sampled_from(REGIONS), min_size=1, unique=True),
    }
)
PREFERENCES = st.fixed_dictionaries(
    {
        "MaxConcurrentCount": st.integers(1, 5),
        "FailureToleranceCount": st.integers(0, 4),
        "RegionConcurrencyType": st.sampled_from(["SEQUENTIAL", "PARALLEL"]),
        "ConcurrencyMode": st.sampled_from(["STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"]),
    }
)
REFUSALS = {
    "",
    "OperationInProgressException",
    "StackInstanceNotFoundException",
    "InvalidOperationException",
    "StackSetNotEmptyException",
}


class Invariants(RuleBasedStateMachine):
    """One stack set of five accounts and two Regions."""

    def __init__(self) -> None:
        super().__init__()
        chosen = Settings(deploy_resources=False, median_duration=timedelta(seconds=40))
        self.sandbox = Sandbox.start(many(len(FLEET)), settings=chosen)
        self.sandbox.__enter__()
        self.client: Any = cloudformation(self.sandbox)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.count = 0

    def teardown(self) -> None:
        self.sandbox.__exit__(None, None, None)

    @initialize(managed=st.booleans())
    def create_the_stack_set(self, managed: bool) -> None:
        self.client.create_stack_set(
            StackSetName="base",
            TemplateBody=TEMPLATE,
            PermissionModel="SERVICE_MANAGED",
            ManagedExecution={"Active": managed},
        )

    def send(self, call: str, **arguments: Any) -> None:
        self.count += 1
        given = {"StackSetName": "base", "OperationId": f"op-{self.count}", **arguments}
        before = self.snapshot()
        code, _ = code_of(getattr(self.client, call), **given)
        assert code in REFUSALS
        if code:
            assert self.snapshot() == before, "a refused call changed something"
        else:
            self.sent.append((call, given))
            self.nothing_outside_changed(call, before)

    def target(self, where: dict[str, Any]) -> dict[str, Any]:
        fleet_unit = unit(self.sandbox, "Fleet")
        return {
            "DeploymentTargets": targets(fleet_unit, where["accounts"]),
            "Regions": where["regions"],
        }

    def snapshot(self) -> dict[tuple[str, str], Any]:
        return {(each["Account"], each["Region"]): each for each in instances(self.client)}

    def operations(self) -> list[Any]:
        return list(self.client.list_stack_set_operations(StackSetName="base")["Summaries"])

    def nothing_outside_changed(self, call: str, before: dict[tuple[str, str], Any]) -> None:
        inside = self.sandbox.operations("base")[-1].targets
        if call == "update_stack_set":
            return
        after = self.snapshot()
        assert {k: v for k, v in before.items() if k not in inside} == {
            k: v for k, v in after.items() if k not in inside
        }

    @rule(where=WHERE, preferences=PREFERENCES)
    def create(self, where: dict[str, Any], preferences: dict[str, Any]) -> None:
        self.send("create_stack_instances", OperationPreferences=preferences, **self.target(where))

    @rule(where=WHERE, preferences=PREFERENCES, days=st.sampled_from(["1", "7"]))
    def update(self, where: dict[str, Any], preferences: dict[str, Any], days: str) -> None:
        self.send(
            "update_stack_instances",
            OperationPreferences=preferences,
            ParameterOverrides=parameters({"Days": days}),
            **self.target(where),
        )

    @rule(preferences=PREFERENCES, prefix=st.sampled_from(["a", "b"]))
    def update_the_stack_set(self, preferences: dict[str, Any], prefix: str) -> None:
        self.send(
            "update_stack_set",
            UsePreviousTemplate=True,
            Parameters=parameters({"Prefix": prefix}),
            OperationPreferences=preferences,
        )

    @rule(where=WHERE, preferences=PREFERENCES, retain=st.booleans())
    def delete(self, where: dict[str, Any], preferences: dict[str, Any], retain: bool) -> None:
        self.send(
            "delete_stack_instances",
            OperationPreferences=preferences,
            RetainStacks=retain,
            **self.target(where),
        )

    @rule(preferences=PREFERENCES)
    def detect_drift(self, preferences: dict[str, Any]) -> None:
        self.send("detect_stack_set_drift", OperationPreferences=preferences)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat_a_call(self, data: st.DataObject) -> None:
        call, given = data.draw(st.sampled_from(self.sent))
        before = (self.snapshot(), self.operations())
        assert getattr(self.client, call)(**given)["OperationId"] == given["OperationId"]
        assert (self.snapshot(), self.operations()) == before

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        _, given = data.draw(st.sampled_from(self.sent))
        stop = self.client.stop_stack_set_operation
        code, _ = code_of(stop, StackSetName="base", OperationId=given["OperationId"])
        assert code in {"", "InvalidOperationException"}

    @rule(account=st.sampled_from(FLEET), times=st.integers(1, 2))
    def fail(self, account: str, times: int) -> None:
        self.sandbox.fail(account, times=times)

    @rule(account=st.sampled_from(FLEET[:2]))
    def suspend(self, account: str) -> None:
        self.sandbox.suspend(account)

    @rule(seconds=st.sampled_from([1, 20, 60, 600]))
    def wait(self, seconds: int) -> None:
        self.sandbox.clock.sleep(timedelta(seconds=seconds))

    @invariant()
    def no_instance_runs_twice_at_once(self) -> None:
        if self.count:
            running = [
                (each["Account"], each["Region"])
                for operation in self.operations()
                for each in results(self.client, operation["OperationId"], "RUNNING")
            ]
            assert len(running) == len(set(running))

    @invariant()
    def no_more_run_than_the_preferences_allow(self) -> None:
        for operation in self.operations() if self.count else ():
            found = results(self.client, operation["OperationId"])
            for region in REGIONS:
                here = [each["Status"] for each in found if each["Region"] == region]
                limits = limits_for(operation["OperationPreferences"], len(here))
                skipped = [e for e in found if e.get("StatusReason") == SUSPENDED_REASON]
                failed = here.count("FAILED") - sum(
                    e["Status"] == "FAILED" and e["Region"] == region for e in skipped
                )
                allowed = limits.maximum if limits.soft else limits.tolerance + 1 - failed
                assert here.count("RUNNING") <= max(0, min(limits.maximum, allowed))
                if not limits.soft:
                    assert failed <= limits.tolerance + 1

    @invariant()
    def what_is_over_has_a_result_for_every_target(self) -> None:
        for operation in self.operations() if self.count else ():
            found = [each["Status"] for each in results(self.client, operation["OperationId"])]
            if operation["Status"] in ("SUCCEEDED", "FAILED", "STOPPED"):
                assert not {"PENDING", "RUNNING"} & set(found)
                assert operation["StatusDetails"]["FailedStackInstancesCount"] == found.count(
                    "FAILED"
                )
            record = next(
                o for o in self.sandbox.operations("base") if o.id == operation["OperationId"]
            )
            assert len(found) == len(record.targets)


SHORT = settings(
    max_examples=12,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
LONG = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_the_invariants_hold() -> None:
    run_state_machine_as_test(Invariants, settings=SHORT)


@pytest.mark.slow
def test_the_invariants_hold_at_length() -> None:
    run_state_machine_as_test(Invariants, settings=LONG)
