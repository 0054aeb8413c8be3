"""Removals: their limits, their effects, and the resources that stay."""

from copy import deepcopy
from typing import Any

import pytest

from orgrollout.manifest.load import load_manifest
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.make_plan import make_plan
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.allowed_actions import AllowedActions
from orgrollout.plan.unattended.select import plan_unattended
from orgrollout.reconcile.reading.plan_request import look, request_from
from tests.stage import BASE, DEV, LAB, PROD, TOPIC, TOPICS, Stage, changed, pairs

KEPT = TOPIC.replace(
    "    Type: AWS::SNS::Topic\n", "    Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n"
)
SAYING = KEPT.replace(
    "Parameters:\n",
    "Metadata: {orgrollout: {version: 1, leaves_behind: what it logged stays}}\nParameters:\n",
    1,
)
WITHOUT_D1 = {
    "include": [{"organizational_units": ["/Prod", "/Dev"]}],
    "exclude": [{"accounts": [DEV[0]], "reason": "SEC-1"}],
}


def guarded(**guards: Any) -> dict[str, Any]:
    return {**BASE, "guards": guards}


def test_accounts_that_left_are_counted_separately_from_removed_ones(stage: Stage) -> None:
    """Three closed accounts must not use up the limit for removals by mistake."""
    stage.apply()
    stage.sandbox.leave(PROD[0])
    stage.sandbox.leave(PROD[1])
    without = {"organizational_units": ["/Prod"]}

    plan = stage.plan({**guarded(max_removed_accounts=2), "targets": without}, allow_departed=2)

    assert changed(plan, OperationAction.DETACH) == pairs((*PROD[:2], *DEV))


def test_more_departed_accounts_than_the_guard_allows_are_refused(stage: Stage) -> None:
    """A list of accounts that was read in part must not detach everything."""
    stage.apply()
    for account in PROD[:4]:
        stage.sandbox.leave(account)

    with pytest.raises(PlanRefusedError, match="4 accounts are no longer in the organization"):
        stage.plan(allow_departed=3)


def test_more_suspended_accounts_than_the_guard_allows_are_refused(stage: Stage) -> None:
    stage.apply()
    for account in PROD[:4]:
        stage.sandbox.suspend(account)

    with pytest.raises(PlanRefusedError, match="4 accounts that are suspended or closed"):
        stage.plan(guarded(detach_suspended=True))


def test_a_suspended_account_is_left_and_detaching_is_proposed(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.suspend(DEV[0])

    plan = stage.plan()

    assert plan.is_empty
    (warning,) = [w for w in plan.warnings if DEV[0] in w]
    assert "account is SUSPENDED" in warning
    assert "`guards: {detach_suspended: true}`" in warning


@pytest.mark.parametrize("retain", [True, False])
def test_a_suspended_account_is_detached_only_where_the_manifest_says_so(
    stage: Stage, *, retain: bool
) -> None:
    """Never deleted: nothing can be deleted in a suspended account."""
    stage.apply()
    stage.sandbox.suspend(DEV[0])

    plan = stage.plan(guarded(detach_suspended=True, retain_stacks=retain))

    assert changed(plan, OperationAction.DETACH) == pairs(DEV[:1])
    assert plan.counts().total() == 2
    assert {reason for _, _, reason in plan.changes()} == {"account is SUSPENDED"}


def test_a_detach_warns_that_stacks_stay_and_return_by_import(stage: Stage) -> None:
    stage.apply()

    (removal,) = stage.plan({**BASE, "targets": WITHOUT_D1}).stack_sets[TOPICS].removals

    assert (removal.action, removal.instances, removal.accounts) == (OperationAction.DETACH, 2, 1)
    assert removal.stays == ("the stacks and all they made, which no stack set manages any more",)
    assert "ImportStacksToStackSet" in removal.way_back


def test_a_delete_names_the_resources_that_the_template_retains(stage: Stage) -> None:
    (stage.folder / "kept.yaml").write_text(SAYING)
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["template"] = "kept.yaml"
    stage.apply(manifest)

    plan = stage.plan({**manifest, "targets": WITHOUT_D1, "guards": {"retain_stacks": False}})

    (removal,) = plan.stack_sets[TOPICS].removals
    assert removal.action is OperationAction.DELETE
    assert removal.stays == (
        "what it logged stays",
        "resources that the template keeps: Topic",
    )
    assert removal.way_back.startswith("first delete, in each account, what is kept")


def test_accounts_are_targeted_again_after_a_delete_that_retains_nothing(
    stage: Stage,
) -> None:
    stage.apply()

    plan = stage.plan({**BASE, "targets": WITHOUT_D1, "guards": {"retain_stacks": False}})

    (removal,) = plan.stack_sets[TOPICS].removals
    assert removal.stays == ()
    assert removal.way_back.startswith("target the accounts again: new stacks are created")


def test_a_plan_that_creates_where_a_stack_was_kept_warns_and_names_the_rollout(
    stage: Stage,
) -> None:
    """A retained stack cannot be created again: re-inclusion is an import."""
    stage.apply()
    detached = stage.apply({**BASE, "targets": WITHOUT_D1})

    plan = stage.plan()

    assert changed(plan, OperationAction.CREATE) == pairs(DEV[:1])
    (warning,) = [w for w in plan.warnings if "were detached before" in w]
    assert detached.state.id in warning
    assert "topics: 2 stack instances to create" in warning
    assert "ImportStacksToStackSet" in warning


def test_an_unattended_apply_creates_nothing_where_a_stack_was_kept(stage: Stage) -> None:
    """Its own plan says that it would fail."""
    stage.apply()
    stage.apply({**BASE, "targets": WITHOUT_D1})
    stage.sandbox.move(LAB[0], "/Prod")

    plan = unattended(stage, OperationAction.CREATE)

    assert changed(plan, OperationAction.CREATE) == pairs(LAB[:1])
    assert plan.held_back == {OperationAction.CREATE: 2}


def test_a_plan_where_no_stack_was_kept_does_not_warn(stage: Stage) -> None:
    stage.apply()
    stage.apply({**BASE, "targets": WITHOUT_D1, "guards": {"retain_stacks": False}})

    assert not [w for w in stage.plan().warnings if "detached before" in w]


def test_a_move_between_targeted_units_is_no_removal_and_one_out_of_them_is(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.move(PROD[0], "/Dev")
    assert stage.plan().is_empty

    stage.sandbox.move(PROD[0], "/Lab")

    assert changed(stage.plan(), OperationAction.DETACH) == pairs(PROD[:1])


def unattended(stage: Stage, *actions: OperationAction) -> Plan:
    stage.plan(BASE)
    loaded = load_manifest(stage.folder / "manifest.yaml")
    context = stage.context()
    picture = look(loaded, context, lambda _: None)
    request = request_from(loaded, picture, context)
    allowed = AllowedActions(actions=frozenset(actions))
    return plan_unattended(request, allowed, context.clock.now())


def destroyed(stage: Stage, manifest: dict[str, Any], allowed: int | None) -> Plan:
    stage.plan(manifest)
    loaded = load_manifest(stage.folder / "manifest.yaml").offboarded()
    context = stage.context()
    picture = look(loaded, context, lambda _: None)
    return make_plan(request_from(loaded, picture, context, allow_removals=allowed))


def three_layers(stage: Stage) -> dict[str, Any]:
    (stage.folder / "roles.yaml").write_text(f"# other than the topics\n{TOPIC}")
    return {
        **deepcopy(BASE),
        "stack_sets": {
            "roles": {"template": "roles.yaml", "regions": ["us-east-1"]},
            "buckets": {
                "template": "topic.yaml",
                "targets": {"accounts": [LAB[0]]},
                "regions": ["us-east-1"],
            },
            "topics": {"template": "topic.yaml", "depends_on": ["roles", "buckets"]},
        },
    }


@pytest.mark.slow
def test_offboarding_removes_everything_in_reverse_order_of_dependency(stage: Stage) -> None:
    manifest = three_layers(stage)
    stage.apply(manifest)

    plan = destroyed(stage, manifest, allowed=8)

    order = [operation.stack_set for operation in plan.operations]
    assert order[0] == "topics"
    assert set(order[1:]) == {"roles", "buckets"}
    assert {o.action for o in plan.operations} == {OperationAction.DETACH}
    assert {s.change for s in plan.stack_sets.values()} == {"delete"}


def test_offboarding_is_limited_by_accounts_like_any_removal(stage: Stage) -> None:
    stage.apply()

    with pytest.raises(PlanRefusedError, match="--allow-removals 7"):
        destroyed(stage, BASE, allowed=None)
