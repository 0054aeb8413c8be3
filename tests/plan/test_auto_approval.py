"""Which plans need no person: every condition is evaluated on the plan itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orgrollout.manifest.schema import AutoApprove
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.plan.build.definition_rollout import definition_only
from orgrollout.plan.checks.plan_rules import with_opening_approval
from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.plan.model.kinds import Import
from orgrollout.plan.model.plan import Gate, Plan, PlannedWave
from orgrollout.plan.unattended.auto_approval import why_not_approved
from orgrollout.rollout.decide.operator_commands import begin
from orgrollout.rollout.state.state import Phase
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, TOPICS, Stage, organization

SUNDAY = datetime(2026, 11, 29, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        yield Stage(sandbox, tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def plan(stage: Stage) -> Plan:
    """A plan that creates in seven accounts, of /Prod, /Prod/Regulated and /Dev."""
    return stage.plan(BASE)


def why(plan: Plan, now: datetime = SUNDAY, **conditions: Any) -> str:
    return why_not_approved(plan, AutoApprove(**{"max_accounts": 10, **conditions}), now)


def test_a_plan_within_all_conditions_needs_no_person(plan: Plan) -> None:
    assert why(plan) == ""
    assert why(plan, max_accounts=7, units=["/Prod", "/Dev"]) == ""


def test_an_import_waits_for_a_person(plan: Plan) -> None:
    first, *rest = plan.operations
    imports = replace(plan, operations=(replace(first, kind=Import()), *rest))

    assert why(imports) == "it would import stacks that exist, and a person approves that"


def test_without_conditions_every_plan_waits(plan: Plan) -> None:
    assert why_not_approved(plan, None, SUNDAY) == "the manifest has no service.auto_approve"


def test_an_account_too_many(plan: Plan) -> None:
    assert why(plan, max_accounts=6) == (
        "7 accounts would change, and service.auto_approve.max_accounts is 6"
    )


def test_an_account_of_another_unit(plan: Plan) -> None:
    assert why(plan, units=["/Prod"]) == (
        "below none of service.auto_approve.units: 200000000001, 200000000002"
    )
    assert "100000000001, 100000000002, 100000000003" in why(
        plan, units=["/Prod/Regulated", "/Dev"]
    )
    assert why(plan, units=["/Pro"])  # a unit, and not the beginning of its name


def test_an_account_whose_unit_is_not_known_is_below_none(plan: Plan) -> None:
    assert "below none of" in why(replace(plan, units={}))


@pytest.mark.parametrize(
    ("window", "approved"),
    [
        ({"days": ["sun"]}, True),
        ({"days": ["mon"]}, False),
        ({"start": "02:00", "end": "04:00"}, True),
        ({"start": "04:00", "end": "06:00"}, False),
    ],
)
def test_hours_and_days(plan: Plan, window: dict[str, Any], approved: bool) -> None:
    assert (why(plan, windows=[window]) == "") is approved


def test_an_action_that_is_not_allowed(stage: Stage, plan: Plan) -> None:
    assert why(plan, actions=["update"]).startswith(
        "it would create, and service.auto_approve.actions is update"
    )
    stage.apply(BASE)
    fewer = stage.plan({**BASE, "targets": {"organizational_units": ["/Prod"]}}, allow_removals=9)
    assert why(fewer, actions=["create", "update"]).startswith("it would d")


def test_nothing_comes_before_the_opening_approval(plan: Plan) -> None:
    gated = with_opening_approval(plan)

    assert gated.opens_with_approval
    assert not plan.opens_with_approval
    assert gated.waves[0].gate.approval
    assert gated.waves[1:] == plan.waves
    assert gated.fingerprint == plan.fingerprint
    assert read_plan(plan_document(gated)) == gated


def test_a_definition_that_is_sent_to_no_stack_instance_is_no_opening(plan: Plan) -> None:
    """Its wave has no accounts. It was skipped with its gate, and the rollout succeeded."""
    gate = Gate(approval=True)
    first = PlannedWave(index=1, name="all", accounts=(), allowed_failures=0, gate=gate)
    sends = replace(plan, waves=(first,), operations=(definition_only(TOPICS),))

    assert not sends.opens_with_approval
    assert begin(sends, Digest("0" * 16), RolloutId("base-1"), SUNDAY).phase is Phase.RUNNING
    assert with_opening_approval(sends).opens_with_approval


def test_a_plan_without_waves_waits_as_well(plan: Plan) -> None:
    """A gate at the end of the last wave would be none."""
    gated = with_opening_approval(replace(plan, waves=(), operations=()))
    assert len(gated.waves) == 2
