"""`plan` and `apply`: their output, their calls, and their exit codes."""

import pytest

from tests.cli.support import Program
from tests.stage import DEV, EU, LAB, PROD, US

FAILED_FOR_GOOD = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."
DEV_OVERRIDE = {"targets": {"organizational_units": ["/Dev"]}, "parameters": {"Suffix": "dev"}}
WITHOUT_D1 = {
    "include": [{"organizational_units": ["/Prod", "/Dev"]}],
    "exclude": [{"accounts": [DEV[0]], "reason": "SEC-1"}],
}


def test_a_plan_shows_the_caller_and_the_changes_and_sends_no_write(
    program: Program,
) -> None:
    ran = program("plan", program.manifest())

    assert ran.code == 0
    assert "arn:aws:sts::999999999999:assumed-role/" in ran.out
    assert "management account of o-a1b2c3d4e5, us-east-1, journal " in ran.out
    assert "skipped: gone 200000000003 (account is SUSPENDED)" in ran.out
    assert "Plan: 14 to create, 0 to update, 0 to detach, 0 to delete" in ran.out
    assert program.writes() == []


def test_a_plan_as_json_has_the_documented_keys(program: Program) -> None:
    ran = program("plan", program.manifest(), "--format", "json")
    plan = ran.json

    assert plan["format_version"] == 1
    assert plan["manifest"] == "base"
    assert len(plan["fingerprint"]) == 16
    counts = {"create": 14, "update": 0, "detach": 0, "delete": 0, "unchanged": 0}
    assert plan["summary"] == counts
    change = plan["changes"][0]
    wanted = ["stack_set", "account", "region", "action", "reason", "wave", "parameter_set"]
    assert list(change) == wanted
    assert change["parameter_set"] in plan["parameter_sets"]
    operation = plan["operations"][0]
    assert operation.keys() == {"id", "wave", "stack_set", "action", "accounts", "regions"}
    assert len(operation["accounts"]) * len(operation["regions"]) == len(plan["changes"])
    assert plan["warnings"] == []
    assert plan["calls"]["DescribeOrganization"] == 1
    assert "arn:aws:sts::999999999999" in ran.err


def test_pairs_are_listed_one_by_one_on_request(program: Program) -> None:
    ran = program("plan", program.manifest(), "--pairs")

    assert ran.out.count("not deployed yet") == 14
    assert any(PROD[0] in line and "eu-west-1" in line for line in ran.out.splitlines())


@pytest.mark.slow
def test_pending_changes_have_an_exit_code_of_their_own(program: Program) -> None:
    """A pipeline decides by the exit code, with any output format."""
    manifest = program.manifest()

    assert program("plan", manifest, "--detailed-exitcode").code == 10
    assert program("plan", manifest, "--detailed-exitcode", "--format", "json").code == 10
    program("apply", manifest, "--yes")
    assert program("plan", manifest, "--detailed-exitcode").code == 0


def test_a_plan_as_markdown_is_a_table_for_a_pull_request(program: Program) -> None:
    ran = program("plan", program.manifest(), "--format", "markdown")

    assert "| topics | 14 | 0 | 0 | 0 | 0 | 7 accounts, 2 Regions |" in ran.out
    assert "| stack set | create |" in ran.out


def test_apply_deploys_everything_and_a_second_one_sends_no_write(program: Program) -> None:
    """Shown by the calls: the nightly job touches nothing when nothing has changed."""
    manifest = program.manifest()
    first = program("apply", manifest, "--yes")
    before = len(program.writes())

    second = program("apply", manifest, "--yes", "--format", "json")

    assert first.code == 0
    assert "base-1 succeeded: 14 stack instances done" in first.out
    assert "skipped: gone 200000000003" in first.out
    assert second.code == 0
    assert second.json["outcome"] == "succeeded"
    assert second.json["operations"] == []
    assert not [name for name in second.json["calls"] if name.startswith(("Create", "Update"))]
    assert len(program.writes()) == before
    assert "Nothing to do: 14 stack instances are as wanted." in second.err


def test_a_rollout_as_json_has_the_documented_keys(program: Program) -> None:
    ran = program("apply", program.manifest(), "--yes", "--format", "json")
    rollout = ran.json

    assert rollout["format_version"] == 1
    assert rollout["rollout"] == "base-1"
    assert rollout["outcome"] == "succeeded"
    assert [wave["status"] for wave in rollout["waves"]] == ["done"]
    (operation,) = rollout["operations"]
    assert (
        operation.items()
        >= {
            "stack_set": "topics",
            "action": "create",
            "status": "SUCCEEDED",
            "succeeded": 14,
            "failed": 0,
            "cancelled": 0,
        }.items()
    )
    assert operation["id"] == program.operations()[0].id
    assert operation["started"] < operation["ended"]
    assert rollout["failures"] == []
    assert rollout["calls"]["CreateStackInstances"] == 1
    assert "topics  14/14 done" in ran.err


def test_a_permanent_failure_exits_with_3_and_the_rest_is_deployed(
    program: Program,
) -> None:
    program.sandbox.fail(DEV[1], EU, times=None, reason=FAILED_FOR_GOOD)

    ran = program("apply", program.manifest(), "--yes", "--format", "json")

    assert ran.code == 3
    assert ran.json["outcome"] == "succeeded with failures"
    (failure,) = ran.json["failures"]
    assert (
        failure.items()
        >= {
            "stack_set": "topics",
            "account": DEV[1],
            "region": EU,
            "class": "permanent",
            "reason": FAILED_FOR_GOOD,
            "attempts": 1,
        }.items()
    )
    assert program.operations()[0].failed == {(DEV[1], EU)}
    assert len(program.operations()[0].succeeded) == 13
    assert "retry base-1" in ran.err


def test_a_failure_is_reported_with_its_class_place_and_reason(program: Program) -> None:
    program.sandbox.deny(DEV[1], EU)

    ran = program("apply", program.manifest(), "--yes")

    assert ran.code == 3
    row = next(line for line in ran.out.splitlines() if "  blocked by policy" in line)
    assert f"{DEV[1]} {EU} topics" in row
    assert "explicit deny in a service control policy" in row
    assert "exempt arn:*:iam::*:role/stacksets-exec-*" in ran.out


def test_a_throttled_instance_is_retried_alone_and_reported(program: Program) -> None:
    program.sandbox.fail(PROD[0], US, reason="Rate exceeded")

    ran = program("apply", program.manifest(), "--yes")

    assert ran.code == 0
    assert [operation.targets for operation in program.operations()[1:]] == [{(PROD[0], US)}]
    row = next(line for line in ran.out.splitlines() if "  throttled" in line)
    assert "retried, done" in row
    assert "14/14" in ran.out


@pytest.mark.slow
def test_a_changed_parameter_updates_exactly_its_pairs(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    topics = {"template": "topic.yaml", "parameter_overrides": [DEV_OVERRIDE]}

    ran = program("plan", program.manifest(stack_sets={"topics": topics}), "--format", "json")

    assert _pairs(ran.json, "update") == {(a, r) for a in DEV for r in (US, EU)}
    assert ran.json["summary"]["unchanged"] == 10


@pytest.mark.slow
def test_an_added_unit_creates_exactly_its_pairs(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    wider = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}

    ran = program("plan", program.manifest(targets=wider), "--format", "json")

    assert _pairs(ran.json, "create") == {(a, r) for a in LAB for r in (US, EU)}
    assert len(ran.json["changes"]) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("retain", "action"), [(True, "detach"), (False, "delete")])
def test_an_excluded_account_alone_is_removed(
    program: Program, *, retain: bool, action: str
) -> None:
    program("apply", program.manifest(), "--yes")
    manifest = program.manifest(targets=WITHOUT_D1, guards={"retain_stacks": retain})

    ran = program("plan", manifest, "--format", "json")

    assert _pairs(ran.json, action) == {(DEV[0], US), (DEV[0], EU)}
    assert len(ran.json["changes"]) == 2
    assert {change["reason"] for change in ran.json["changes"]} == {"targets.exclude[0]: SEC-1"}


@pytest.mark.slow
def test_more_removals_than_allowed_are_refused_until_they_are_allowed(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    narrower = program.manifest(targets={"organizational_units": ["/Dev"]})

    refused = program("apply", narrower, "--yes")
    allowed = program("plan", narrower, "--allow-removals", 5)

    assert refused.code == 1
    assert "use --allow-removals 5" in refused.err
    assert "10 to detach" in allowed.out


def test_apply_without_a_terminal_and_without_yes_ends_with_2_and_reads_nothing(
    program: Program,
) -> None:
    before = len(program.sandbox.calls)

    ran = program("apply", program.manifest())

    assert ran.code == 2
    assert "Add --yes" in ran.err
    assert len(program.sandbox.calls) == before


def test_narrowing_changes_only_the_accounts_and_regions_named(program: Program) -> None:
    ran = program("apply", program.manifest(), "--yes", "--ou", "/Prod/Regulated", "--region", EU)

    assert ran.code == 0
    assert program.operations()[0].targets == {(PROD[3], EU), (PROD[4], EU)}


def test_a_plan_is_narrowed_to_an_account_by_name_or_id(program: Program) -> None:
    manifest = program.manifest()

    named = program("plan", manifest, "--account", "p1", "--account", PROD[1], "--format", "json")

    assert {change["account"] for change in named.json["changes"]} == {PROD[0], PROD[1]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--account", "p11", "Did you mean"),
        ("--ou", "/Prdo", "Did you mean `/Prod`?"),
        ("--region", "eu-west-9", "Did you mean `eu-west-1`?"),
        ("--stack-set", "topic", "Did you mean `topics`?"),
    ],
)
@pytest.mark.parametrize("regions", [["us-east-1", "eu-west-1"], ["home", "eu-west-1"]])
def test_narrowing_to_an_unknown_name_is_wrong_usage(
    program: Program, option: str, value: str, hint: str, regions: list[str]
) -> None:
    """A misspelt name must not read as `nothing to do`."""
    ran = program("plan", program.manifest(regions=regions), option, value)

    assert ran.code == 2
    assert f"{option} {value}" in ran.err
    assert hint in ran.err


def _pairs(plan: dict[str, list[dict[str, str]]], action: str) -> set[tuple[str, str]]:
    return {(c["account"], c["region"]) for c in plan["changes"] if c["action"] == action}


@pytest.mark.slow
def test_a_plan_without_changes_names_a_drift_command_to_paste(patient: Program) -> None:
    """It named MANIFEST, and neither the simulated organization nor the journal."""
    path = patient.manifest()
    assert patient("apply", path, "--yes").code == 0

    journal = patient.folder / "journal"
    options = f"--sandbox {patient.server.endpoint} --journal {journal}"
    command = f"To have it checked: `orgrollout drift {path} --detect {options}`"
    assert command in patient("plan", path).out
    assert command in patient("apply", path, "--yes").out
