"""A plan as the person reads it who signs it: what changes, what it takes, what may go wrong."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orgrollout.plan.checks.blast_radius import exposed_accounts
from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.blocks import Code, Line, Sheet, as_markdown
from orgrollout.report.layout.json_text import json_pieces
from orgrollout.report.plan.as_json import plan_json
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.rollout.cost import cost_of
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, DEV, PROD, TOPIC, TOPICS, Stage, organization

SECRET = TOPIC.replace("Parameters:\n", "Parameters:\n  Key: {Type: String, NoEcho: true}\n")
ONE, TWO = "{{resolve:secretsmanager:one}}", "{{resolve:secretsmanager:two}}"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        yield Stage(sandbox, tmp_path)


def topics(**changes: Any) -> dict[str, Any]:
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"].update(changes)
    return manifest


def text_of(plan: Plan) -> str:
    """Return all lines and cells of a plan."""
    found: list[str] = []
    for block in plan_blocks(plan):
        match block:
            case Line():
                found.append(block.text)
            case Sheet():
                found += [" ".join(row) for row in (block.headers, *block.rows)]
            case Code():
                found += block.lines
    return "\n".join(found)


def with_template(stage: Stage, body: str, **changes: Any) -> dict[str, Any]:
    (stage.folder / "other.yaml").write_text(body)
    return topics(template="other.yaml", **changes)


def test_a_template_that_changes_is_shown_line_by_line(stage: Stage) -> None:
    stage.apply()
    changed = TOPIC.replace("Default: b", "Default: c").replace("SNS::Topic", "SNS::Topic # new")

    plan = stage.plan(with_template(stage, changed))

    (diff,) = [block for block in plan_blocks(plan) if isinstance(block, Code)]
    assert "-  Other: {Type: String, Default: b}" in diff.lines
    assert "+  Other: {Type: String, Default: c}" in diff.lines
    assert "   Suffix: {Type: String, Default: a}" in diff.lines
    assert "  parameter Other: b -> c" in text_of(plan)
    (stack_set,) = plan_json(plan, {})["stack_sets"]
    assert stack_set["changes"]["template"] == "\n".join(diff.lines)
    assert stack_set["changes"]["parameters"] == {"Other": {"old": "b", "new": "c"}}


def test_a_secret_that_a_deployed_template_gives_away_is_not_shown_when_it_is_taken_out(
    stage: Stage,
) -> None:
    """Another user made the stack set. Adopting and changing it must not spread the secret."""
    given_away = SECRET.replace("NoEcho: true", 'NoEcho: true, Default: "hunter2"')
    client = stage.sandbox.session().client("cloudformation")
    client.create_stack_set(
        StackSetName="theirs",
        TemplateBody=given_away,
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": False},
    )
    changed = {"stack_set_name": "theirs", "adopt": True, "parameters": {"Key": ONE}}

    plan = stage.plan(with_template(stage, SECRET, **changed))

    assert "-  Key: {Type: String, NoEcho: true, Default: ****}" in text_of(plan)
    assert "hunter2" not in text_of(plan)
    assert "hunter2" not in "".join(json_pieces(plan_json(plan, {})))


def test_in_markdown_a_diff_is_a_diff_even_if_the_template_quotes_code(stage: Stage) -> None:
    """A pull request shows colours, and nothing in the template ends the block."""
    stage.apply()

    plan = stage.plan(with_template(stage, f"# ```\n# as it was: *important*\n{TOPIC}"))

    shown = as_markdown(plan_blocks(plan))
    assert "````diff\n--- deployed\n+++ wanted\n" in shown
    assert "\n+# as it was: *important*\n" in shown
    assert shown.count("\n````") == 2


def test_a_very_long_diff_is_cut_in_text_and_whole_in_json(stage: Stage) -> None:
    stage.apply()
    long = "".join(f"# line {n}\n" for n in range(500)) + TOPIC

    plan = stage.plan(with_template(stage, long))

    assert "more lines: --format json has all of them" in text_of(plan)
    assert "line 499" not in text_of(plan)
    assert "line 499" in plan_json(plan, {})["stack_sets"][0]["changes"]["template"]


def test_a_secret_is_in_no_view_of_a_plan(stage: Stage) -> None:
    stage.apply(with_template(stage, SECRET, parameters={"Key": ONE}))
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Key": TWO}}

    plan = stage.plan(
        with_template(
            stage, SECRET, parameters={"Key": TWO, "Suffix": "z"}, parameter_overrides=[override]
        )
    )

    shown = text_of(plan)
    assert "  parameter Suffix: a -> z" in shown
    assert "overrides: topics: Key=**** in 2 stack instances" in shown
    assert "resolve" not in shown
    assert "one" not in json.dumps(plan_json(plan, {})["stack_sets"])


def test_a_new_secret_is_told_without_its_value(stage: Stage) -> None:
    stage.apply()

    plan = stage.plan(with_template(stage, SECRET, parameters={"Key": ONE}))

    assert "  parameter Key: (none) -> ****" in text_of(plan)


def test_overrides_are_shown_with_the_number_of_instances_that_get_them(stage: Stage) -> None:
    override = {"targets": {"organizational_units": ["/Dev"]}, "parameters": {"Suffix": "dev"}}

    plan = stage.plan(topics(parameter_overrides=[override]))

    assert "overrides: topics: Suffix=dev in 4 stack instances" in text_of(plan)


def test_detach_and_delete_are_told_apart_in_text_and_json(stage: Stage) -> None:
    stage.apply()
    without = {"targets": {"organizational_units": ["/Prod"]}}

    detach = stage.plan({**BASE, **without})
    delete = stage.plan({**BASE, **without, "guards": {"retain_stacks": False}})

    assert "detach: topics: 4 stacks in 2 accounts are detached and stay" in text_of(detach)
    assert "delete: topics: 4 stacks in 2 accounts are deleted" in text_of(delete)
    (let_go,) = plan_json(detach, {})["stack_sets"][0]["removals"]
    (gone,) = plan_json(delete, {})["stack_sets"][0]["removals"]
    assert (let_go["action"], let_go["accounts"]) == ("detach", 2)
    assert "ImportStacksToStackSet" in let_go["way_back"]
    assert (gone["action"], gone["stays"]) == ("delete", [])


def test_the_cost_is_told_in_operations_calls_and_time(stage: Stage) -> None:
    """7 accounts, 25 % at a time: one after another, 7 rounds of a minute."""
    plan = stage.plan()
    cost = cost_of(plan)

    assert cost.operations == 1
    assert cost.running.total_seconds() == 7 * 60
    assert f"calls: about {cost.calls} calls in 1 operation" in text_of(plan)
    assert "about 7m 00s if a stack instance takes 1m 00s" in text_of(plan)
    assert plan_json(plan, {})["cost"]["running_seconds"] == 420


def test_the_calls_that_are_told_are_about_those_that_are_made(stage: Stage) -> None:
    """A promise of calls is worth something only if the rollout keeps it."""
    begun = stage.begin()
    promised = cost_of(stage.load(begun).plan).calls
    before = len(stage.sandbox.calls)

    stage.finish(begun)

    made = len(stage.sandbox.calls) - before
    assert made == pytest.approx(promised, rel=0.2)


@pytest.mark.parametrize(
    ("preferences", "exposed"),
    [
        # soft: M - 1 finish in the Region, M in the other one
        ({"max_concurrent_count": 3, "failure_tolerance_count": 0}, 5),
        ({"max_concurrent_count": 1, "failure_tolerance_count": 0}, 1),
        # strict: nothing is under way in that Region any more
        (
            {
                "max_concurrent_count": 3,
                "failure_tolerance_count": 1,
                "concurrency_mode": "strict",
                "region_concurrency": "sequential",
            },
            0,
        ),
        (
            {
                "max_concurrent_count": 3,
                "failure_tolerance_count": 0,
                "region_concurrency": "sequential",
            },
            2,
        ),
        # never more accounts than the wave has left: 7 - 3 that failed
        ({"max_concurrent_percentage": 100, "failure_tolerance_count": 2}, 4),
    ],
)
def test_each_wave_says_how_many_accounts_one_failure_too_many_may_still_cost(
    stage: Stage, preferences: dict[str, Any], exposed: int
) -> None:
    plan = stage.plan({**BASE, "rollout": {"operation_preferences": preferences}})

    (wave,) = plan.waves
    assert exposed_accounts(plan, wave) == exposed
    assert f"after one failure too many: rest {exposed}" in text_of(plan)
    assert plan_json(plan, {})["waves"][0]["exposed_accounts"] == exposed


def test_strict_mode_that_throttles_is_a_warning(stage: Stage) -> None:
    preferences = {"max_concurrent_count": 5, "concurrency_mode": "strict"}

    plan = stage.plan({**BASE, "rollout": {"operation_preferences": preferences}})

    assert any("strict mode runs 2 accounts at a time and not 5" in w for w in plan.warnings), (
        plan.warnings
    )


@pytest.mark.slow
def test_more_than_two_hundred_operations_are_a_warning_with_the_arithmetic(stage: Stage) -> None:
    for n in range(220):
        stage.sandbox.add_account(f"many{n}", "/Lab")
    accounts = [
        a for a, found in stage.sandbox.organization.accounts.items() if "many" in found.name
    ]
    overrides = [
        {"targets": {"accounts": [account]}, "parameters": {"Suffix": f"s{n}"}}
        for n, account in enumerate(accounts)
    ]
    manifest = topics(parameter_overrides=overrides)

    plan = stage.plan({**manifest, "targets": {"organizational_units": ["/Lab", "/Prod"]}})

    (warning,) = [w for w in plan.warnings if "distinct sets of overrides" in w]
    assert (
        f"topics: {len(plan.operations):,} operations = 221 distinct sets of overrides" in warning
    )
    assert len(plan.stack_sets[TOPICS].parameter_sets) == 221


def test_a_handful_of_overrides_is_no_warning(stage: Stage) -> None:
    override = {"targets": {"accounts": [PROD[0]]}, "parameters": {"Suffix": "x"}}

    assert stage.plan(topics(parameter_overrides=[override])).warnings == ()
