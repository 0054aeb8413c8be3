"""Wrong targets: what is really sent to CloudFormation. Numbers as in `test_complete`."""

from copy import deepcopy
from typing import Any

from orgrollout.model.operation import OperationAction
from tests.stage import BASE, DEV, LAB, PROD, TOPICS, Stage, changed, pairs

WIDER = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}


def targets_sent(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    """Return operation and deployment targets of every call that had some."""
    return [
        (call.operation, dict(call.params["DeploymentTargets"]))
        for call in stage.sandbox.calls
        if call.params.get("DeploymentTargets")
    ]


def everything_that_has_targets(stage: Stage) -> None:
    """Create, update with and without a definition, detach."""
    stage.apply()
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "z"}
    stage.apply(manifest)
    override = {"targets": {"organizational_units": ["/Dev"]}, "parameters": {"Suffix": "x"}}
    manifest["stack_sets"]["topics"]["parameter_overrides"] = [override]
    stage.apply(manifest)
    stage.apply({**manifest, "targets": {"organizational_units": ["/Prod"]}})
    assert {operation for operation, _ in targets_sent(stage)} == {
        *("CreateStackInstances", "UpdateStackSet", "UpdateStackInstances", "DeleteStackInstances")
    }


def test_field_01_the_plan_counts_nested_accounts(stage: Stage) -> None:
    plan = stage.plan({**BASE, "targets": {"organizational_units": ["/Prod"]}})

    assert plan.opening[0].startswith("accounts: 11 = 5 targeted")
    assert changed(plan, OperationAction.CREATE) == pairs(PROD)


def test_field_04_taking_back_one_exclusion_creates_there_and_touches_nothing_else(
    stage: Stage,
) -> None:
    """Pairs are compared, and not what selects them."""

    def without(*accounts: str) -> dict[str, Any]:
        exclude = [{"accounts": [a], "reason": "vendor"} for a in accounts]
        return {**BASE, "targets": {"include": [BASE["targets"]], "exclude": exclude}}

    stage.apply(without(PROD[0], DEV[0]))

    plan = stage.plan(without(DEV[0]))

    assert changed(plan, OperationAction.CREATE) == pairs(PROD[:1])
    assert plan.counts().total() == 2


def test_field_05_adding_an_account_leaves_every_existing_stack_as_it_is(stage: Stage) -> None:
    """Other tools replace the whole resource, and with it every stack instance."""
    stage.apply()
    context = stage.context().stack_sets
    name = stage.plan().stack_sets[TOPICS].name
    before = {i.pair: (i.stack_id, i.last_operation) for i in context.instances(name)}

    rollout = stage.apply({**BASE, "targets": WIDER})

    assert changed(rollout.plan, OperationAction.CREATE) == pairs(LAB)
    after = {i.pair: (i.stack_id, i.last_operation) for i in context.instances(name)}
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == pairs(LAB)


def test_field_06_an_update_reaches_the_accounts_that_are_meant_and_no_unit(stage: Stage) -> None:
    stage.apply()
    manifest = deepcopy(BASE)
    override = {"targets": {"accounts": [PROD[0]]}, "parameters": {"Suffix": "x"}}
    manifest["stack_sets"]["topics"]["parameter_overrides"] = [override]

    stage.apply(manifest)

    assert stage.sandbox.operations("base-topics")[-1].targets == pairs(PROD[:1])


def test_field_07_accounts_are_sent_as_accounts_and_units_as_units(stage: Stage) -> None:
    everything_that_has_targets(stage)

    assert not [c.operation for c in stage.sandbox.calls if "Accounts" in c.params]
    for _, targets in targets_sent(stage):
        assert all(len(a) == 12 and a.isdigit() for a in targets["Accounts"])
        assert all(u.startswith(("r-", "ou-")) for u in targets["OrganizationalUnitIds"])


def test_field_08_only_intersections_are_sent(stage: Stage) -> None:
    """UNION is refused by CreateStackInstances, and any other filter reaches whom nobody named."""
    everything_that_has_targets(stage)

    sent = targets_sent(stage)
    assert {targets["AccountFilterType"] for _, targets in sent} == {"INTERSECTION"}
    assert not [targets for _, targets in sent if not targets["Accounts"]]


def test_field_13_the_management_account_is_counted_and_never_a_target(stage: Stage) -> None:
    plan = stage.apply({**BASE, "targets": "all"}).plan

    assert "1 management (unreachable: service-managed)" in plan.opening[0]
    sent = {account for _, targets in targets_sent(stage) for account in targets["Accounts"]}
    assert sent == {*PROD, *DEV, *LAB}
