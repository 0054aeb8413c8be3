"""A plan names exactly the changes."""

from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.sandbox import Sandbox, Settings
from tests.scenarios.manifests import edited
from tests.stage import (
    BASE,
    DEV,
    EU,
    LAB,
    PROD,
    TOPIC,
    TOPICS,
    US,
    Stage,
    changed,
    exactly,
    organization,
    pairs,
)


def test_a_first_plan_creates_every_pair_and_skips_the_suspended_account(stage: Stage) -> None:
    """A wrong target costs a weekend: the plan is exactly units x Regions."""
    plan = stage.plan()

    assert changed(plan, OperationAction.CREATE) == pairs((*PROD, *DEV))
    assert plan.stack_sets[TOPICS].change is StackSetChange.CREATE
    assert "1 suspended" in plan.opening[0]
    assert stage.writes() == []


def test_a_second_plan_is_empty_and_sends_no_write(stage: Stage) -> None:
    """Running the same job every night must not touch anything."""
    stage.apply()
    before = len(stage.writes())

    plan = stage.plan()

    assert plan.is_empty
    assert plan.unchanged == 14
    assert len(stage.writes()) == before


def test_a_changed_parameter_updates_exactly_the_pairs_it_reaches(stage: Stage) -> None:
    stage.apply()
    override = {"targets": {"organizational_units": ["/Dev"]}, "parameters": {"Suffix": "dev"}}

    plan = stage.plan(edited(topics={"parameter_overrides": [override]}))

    assert changed(plan, OperationAction.UPDATE) == pairs(DEV)
    assert {o.sends_definition for o in plan.operations} == {False}
    assert plan.counts().total() == 4


@pytest.mark.parametrize("stored", ["at_start", "at_success"])
def test_overrides_that_another_user_is_setting_are_not_taken_as_before(
    tmp_path: Path, stored: str
) -> None:
    """An UpdateStackSet leaves overrides as they are, so it alone would leave theirs for good."""
    chosen = Settings(median_duration=timedelta(seconds=20), overrides_stored=stored)
    with Sandbox.start(organization(), settings=chosen) as sandbox:
        stage = Stage(sandbox, tmp_path)
        stage.apply()
        sandbox.another_user().client("cloudformation").update_stack_instances(
            StackSetName="base-topics",
            DeploymentTargets=exactly(sandbox, PROD[0]),
            Regions=[US],
            ParameterOverrides=[{"ParameterKey": "Other", "ParameterValue": "theirs"}],
        )

        stage.apply(edited(topics={"parameters": {"Suffix": "new"}}))

        assert stage.display_name(Pair(PROD[0], US)) == "new-b"


@pytest.mark.parametrize("is_suspended", [False, True])
def test_a_definition_change_with_only_removals_is_refused_with_what_to_do(
    stage: Stage, *, is_suspended: bool
) -> None:
    """Without targets it would reach every stack instance, those that are to go included."""
    stage.apply(edited(targets={"accounts": [PROD[0]]}))
    if is_suspended:
        stage.sandbox.suspend(PROD[0])

    with pytest.raises(PlanRefusedError, match="remove the old stack instances first") as refused:
        stage.plan(edited(targets={"accounts": [DEV[0]]}, topics={"parameters": {"Suffix": "b"}}))

    assert ("detach_suspended" in str(refused.value)) is is_suspended


def test_an_override_for_one_region_of_one_account_updates_one_pair(stage: Stage) -> None:
    stage.apply()
    override = {
        "targets": {"accounts": [PROD[0]]},
        "regions": ["eu-west-1"],
        "parameters": {"Suffix": "x"},
    }

    rollout = stage.apply(edited(topics={"parameter_overrides": [override]}))

    assert changed(rollout.plan, OperationAction.UPDATE) == {Pair(PROD[0], EU)}
    assert stage.display_name(Pair(PROD[0], EU)) == "x-b"
    assert stage.display_name(Pair(PROD[0], US)) == "a-b"
    assert stage.plan(edited(topics={"parameter_overrides": [override]})).is_empty


def test_a_removed_override_goes_back_to_the_stack_sets_value(stage: Stage) -> None:
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "x"}}
    stage.apply(edited(topics={"parameter_overrides": [override]}))

    rollout = stage.apply()

    assert changed(rollout.plan, OperationAction.UPDATE) == pairs(DEV[:1])
    assert stage.display_name(Pair(DEV[0], US)) == "a-b"


def test_an_added_unit_creates_exactly_its_pairs(stage: Stage) -> None:
    stage.apply()
    wider = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}

    plan = stage.plan(edited(targets=wider))

    assert changed(plan, OperationAction.CREATE) == pairs(LAB)
    assert plan.counts().total() == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("retain", "action"), [(True, OperationAction.DETACH), (False, OperationAction.DELETE)]
)
def test_an_excluded_account_is_detached_or_deleted_and_nothing_else(
    stage: Stage, *, retain: bool, action: OperationAction
) -> None:
    """Detach keeps the stack, delete does not; neither touches another account."""
    stage.apply()
    targets = {
        "include": [{"organizational_units": ["/Prod", "/Dev"]}],
        "exclude": [{"accounts": [DEV[0]], "reason": "SEC-1"}],
    }
    manifest = edited(targets=targets, guards={"retain_stacks": retain})

    rollout = stage.apply(manifest)

    assert changed(rollout.plan, action) == pairs(DEV[:1])
    assert rollout.plan.counts().total() == 2
    assert {reason for _, _, reason in rollout.plan.changes()} == {"targets.exclude[0]: SEC-1"}
    assert stage.deployed() == pairs((*PROD, *DEV[1:]))
    assert (stage.display_name(Pair(DEV[0], US)) == "a-b") is retain


def test_more_removals_than_the_guard_allows_are_refused(stage: Stage) -> None:
    stage.apply()
    narrower = edited(targets={"organizational_units": ["/Dev"]})

    with pytest.raises(PlanRefusedError, match=r"5 accounts would lose .*--allow-removals 5"):
        stage.plan(narrower)

    allowed = stage.plan(narrower, allow_removals=5)
    assert changed(allowed, OperationAction.DETACH) == pairs(PROD)


def test_a_protected_account_is_never_removed_from(stage: Stage) -> None:
    stage.apply()
    manifest = edited(
        targets={"organizational_units": ["/Prod"]},
        guards={"never_remove_from": {"accounts": [DEV[1]]}},
    )

    with pytest.raises(PlanRefusedError, match=f"{DEV[1]} is in guards.never_remove_from"):
        stage.plan(manifest)


def test_narrowing_never_removes_anything(stage: Stage) -> None:
    stage.apply()
    manifest = edited(targets={"organizational_units": ["/Dev", "/Lab"]})

    def only_lab(_: Organization) -> Any:
        def chosen(_: StackSetKey, pair: Pair) -> bool:
            return pair.account == LAB[0]

        return chosen

    plan = stage.plan(manifest, narrowing=only_lab)

    assert changed(plan, OperationAction.CREATE) == pairs(LAB[:1])
    assert plan.counts().total() == 2


def test_a_stack_set_of_another_user_is_refused_unless_adopted(stage: Stage) -> None:
    stage.sandbox.session().client("cloudformation").create_stack_set(
        StackSetName="base-topics",
        TemplateBody="Resources: {T: {Type: AWS::SNS::Topic}}",
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": False},
    )

    with pytest.raises(PlanRefusedError, match="was not made by orgrollout"):
        stage.plan()

    stage.apply(edited(topics={"adopt": True}))
    assert stage.deployed() == pairs((*PROD, *DEV))


def test_an_absent_stack_set_is_deleted_with_its_stack_instances(stage: Stage) -> None:
    stage.apply()

    rollout = stage.apply({**BASE, "stack_sets": {"topics": {"state": "absent"}}}, allow_removals=7)

    assert rollout.plan.stack_sets[TOPICS].change is StackSetChange.DELETE
    assert stage.sandbox.stack_set("base-topics").status == "DELETED"
    assert stage.display_name(Pair(PROD[0], US)) == "a-b"


def test_a_key_that_disappears_leaves_its_stack_set_alone_and_is_reported(stage: Stage) -> None:
    """Other tools delete by absence, to the anger of their users."""
    stage.apply()
    other = {**BASE, "stack_sets": {"others": {"template": "topic.yaml"}}}

    plan = stage.plan(other)

    assert {o.stack_set for o in plan.operations} == {"others"}
    assert any("base-topics was made by this manifest" in w for w in plan.warnings)


def test_an_account_that_moves_between_targeted_units_changes_nothing(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.move(PROD[0], "/Dev")

    assert stage.plan().is_empty


def test_a_noecho_parameter_is_masked_and_makes_no_perpetual_difference(stage: Stage) -> None:
    """CloudFormation shows **** and never the value, neither to a plan nor to a person."""
    template = TOPIC.replace(
        "Parameters:\n", "Parameters:\n  Secret: {Type: String, NoEcho: true}\n"
    )
    (stage.folder / "secret.yaml").write_text(template)
    first, second = "{{resolve:secretsmanager:one}}", "{{resolve:secretsmanager:two}}"
    manifest = edited(topics={"template": "secret.yaml", "parameters": {"Secret": first}})
    stage.apply(manifest)

    assert stage.plan(manifest).is_empty
    rollout = stage.apply(
        edited(topics={"template": "secret.yaml", "parameters": {"Secret": second}})
    )

    assert changed(rollout.plan, OperationAction.UPDATE) == pairs((*PROD, *DEV))
    assert any(o.sends_definition for o in rollout.plan.operations)


def test_a_prerequisite_is_deployed_after_its_own_needs_and_only_in_its_accounts(
    stage: Stage,
) -> None:
    """Roles for one account's buckets must not pull all roles into the first wave."""
    (stage.folder / "roles.yaml").write_text(f"# other than the topics\n{TOPIC}")
    manifest = deepcopy(BASE)
    manifest["stack_sets"] = {
        "roles": {"template": "roles.yaml", "regions": ["us-east-1"]},
        "buckets": {
            "template": "topic.yaml",
            "targets": {"accounts": [DEV[0]]},
            "depends_on": ["roles"],
        },
        "config": {"template": "topic.yaml", "depends_on": ["buckets", "roles"]},
    }

    plan = stage.plan(manifest)

    first = {(o.stack_set, a) for o in plan.operations if o.wave == 0 for a in o.accounts}
    assert first == {("roles", DEV[0]), ("buckets", DEV[0])}
