"""Rules on plans: each condition, what wins, and that nothing is begun past a refusal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from orgrollout.errors import ManifestError
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.schema import Manifest, PlanRule
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.plan_rules import judged
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.allowed_actions import AllowedActions
from orgrollout.plan.unattended.auto_approval import let_pass
from orgrollout.plan.unattended.select import plan_unattended
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look, request_from
from orgrollout.report.plan.as_json import facts_json
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, Stage, organization

SUNDAY = datetime(2026, 11, 29, 3, tzinfo=UTC)
WHY = "by agreement"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        yield Stage(sandbox, tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def plan(stage: Stage) -> Plan:
    """A plan that creates 14 stack instances in seven accounts, and the stack set."""
    return stage.plan(BASE)


@pytest.fixture(scope="module")
def manifest(stage: Stage) -> Manifest:
    return load_manifest(stage._write(BASE)).manifest


def ruled(manifest: Manifest, *rules: dict[str, Any], **service: Any) -> Manifest:
    made = tuple(PlanRule.model_validate({"reason": WHY, **rule}) for rule in rules)
    guards = manifest.guards.model_copy(update={"rules": made})
    return manifest.model_copy(update={"guards": guards, **service})


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({}, True),
        ({"actions": "create"}, True),
        ({"actions": ["update", "delete"]}, False),
        ({"stack_sets": "topics"}, True),
        ({"stack_sets": "other"}, False),
        ({"units": "/Prod"}, True),
        ({"units": "/Lab"}, False),
        ({"units": "/Pro"}, False),
        ({"more_accounts_than": 6}, True),
        ({"more_accounts_than": 7}, False),
        ({"more_instances_than": 13}, True),
        ({"more_instances_than": 14}, False),
        ({"units": "/Dev", "more_accounts_than": 1}, True),
        ({"units": "/Dev", "more_accounts_than": 2}, False),
        ({"windows": [{"days": ["sun"]}]}, True),
        ({"windows": [{"days": ["mon"]}]}, False),
        ({"windows": [{"days": ["sun"]}], "actions": "delete"}, False),
    ],
)
def test_a_rule_holds_if_some_change_meets_all_its_conditions(
    plan: Plan, manifest: Manifest, conditions: dict[str, Any], holds: bool
) -> None:
    found = judged(plan, ruled(manifest, {"then": "refuse", **conditions}), SUNDAY)

    assert bool(found.refused) is holds
    if holds:
        assert found.refused[0].startswith(f"guards.rules[0]: {WHY} (")
    assert found.fingerprint == plan.fingerprint


def test_a_refused_plan_can_be_read_and_is_not_begun(
    stage: Stage, plan: Plan, manifest: Manifest
) -> None:
    rule = {"then": "refuse", "units": "/Dev"}
    found = judged(plan, ruled(manifest, rule), SUNDAY)

    assert found.refused == (f"guards.rules[0]: {WHY} (4 stack instances in 2 accounts)",)
    with pytest.raises(PlanRefusedError, match="4 stack instances in 2 accounts"):
        begin_rollout(found, stage.context())
    assert judged(found, manifest, SUNDAY).refused == ()  # the rule is gone


def test_an_approval_comes_before_everything_else_and_once(plan: Plan, manifest: Manifest) -> None:
    rules = ruled(manifest, {"then": "approve", "more_accounts_than": 5})

    found = judged(judged(plan, rules, SUNDAY), rules, SUNDAY)

    assert found.opens_with_approval
    assert found.waves[1:] == plan.waves
    assert "14 stack instances in 7 accounts" in found.waits_for[0]


def test_a_rule_lets_pass_what_is_whole_in_it_unless_another_one_stops_it(
    plan: Plan, manifest: Manifest
) -> None:
    passes = {"then": "pass", "max_accounts": 7}

    def said(*rules: dict[str, Any]) -> tuple[str, str]:
        made = ruled(manifest, *rules)
        return let_pass(judged(plan, made, SUNDAY), made, SUNDAY)

    assert said(passes) == (f"guards.rules[0]: {WHY}", "")
    assert said({**passes, "max_accounts": 6}) == (
        "",
        "7 accounts would change, and guards.rules[0].max_accounts is 6",
    )
    assert said({**passes, "stack_sets": "other"})[1].startswith("topics is in none of")
    assert said({**passes, "units": "/Prod"})[0] == ""
    assert said({**passes, "max_accounts": 1}, passes)[0] == f"guards.rules[1]: {WHY}"
    for then in ("refuse", "approve"):
        assert said(passes, {"then": then, "units": "/Dev"})[0] == ""
    assert said() == ("", "the manifest has no service.auto_approve")


@pytest.mark.parametrize(
    "rule",
    [
        {"then": "pass"},
        {"then": "pass", "max_accounts": 1, "actions": ["create", "delete"]},
        {"then": "pass", "max_accounts": 1, "more_accounts_than": 1},
        {"then": "refuse", "max_accounts": 1},
        {"then": "refuse", "reason": ""},
        {"then": "refuse", "actions": []},
    ],
)
def test_what_would_let_too_much_pass_or_means_nothing_is_no_rule(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlanRule.model_validate({"reason": WHY, **rule})


def test_the_plan_of_a_manifest_is_judged_by_its_rules_and_a_later_hour_counts(
    stage: Stage,
) -> None:
    """Through the same door as `plan`, `apply` and the service."""
    now = stage.context().clock.now()
    hours = (now - timedelta(minutes=5), now + timedelta(hours=2))
    window = {key: f"{hour:%H:%M}" for key, hour in zip(("start", "end"), hours, strict=True)}
    rules = [{"then": "refuse", "reason": WHY, "windows": [window]}]

    found = stage.plan({**BASE, "guards": {"rules": rules}})

    assert len(found.refused) == 1
    assert facts_json(found) == {
        "actions": {"create": 14, "update": 0, "detach": 0, "delete": 0},
        "stack_set_actions": {"topics": "create"},
        "accounts": 7,
        "instances": 14,
        "regions": ["eu-west-1", "us-east-1"],
        "stack_sets": ["topics"],
        "units": {"/Dev": 2, "/Prod": 3, "/Prod/Regulated": 2},
        "replacements": None,
    }


def test_an_unattended_job_waits_for_the_approval_that_a_rule_wants(stage: Stage) -> None:
    """It drops the gates between its waves. The approval of a rule is none of those."""
    rules = [{"then": "approve", "reason": WHY, "stack_sets": "topics"}]
    loaded = load_manifest(stage._write({**BASE, "guards": {"rules": rules}}))
    context = stage.context()
    request = request_from(loaded, look(loaded, context, lambda _: None), context)
    creating = AllowedActions(actions=frozenset({OperationAction.CREATE}))

    found = plan_unattended(request, creating, context.clock.now())

    assert found.opens_with_approval
    assert len(found.waits_for) == 1


def test_a_rule_for_a_unit_that_there_is_not_would_never_hold(stage: Stage) -> None:
    rules = [{"then": "refuse", "reason": WHY, "units": ["/Prodd"]}]

    with pytest.raises(ManifestError, match=r"no organizational unit with the path `/Prodd`"):
        stage.plan({**BASE, "guards": {"rules": rules}})


def test_an_account_of_no_known_unit_may_be_in_any(plan: Plan, manifest: Manifest) -> None:
    """One that left the organization is in no unit, and its stacks are no less in the way."""
    unknown = replace(plan, units={})

    assert judged(unknown, ruled(manifest, {"then": "refuse", "units": "/Lab"}), SUNDAY).refused
