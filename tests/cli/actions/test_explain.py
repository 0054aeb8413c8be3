"""`explain`: one account, with every reason, in no more calls than that one account takes."""

import re
from collections import Counter
from typing import Any

import boto3
import pytest

from tests.cli.support import Program
from tests.stage import DEV, PROD, TOPIC

pytestmark = pytest.mark.slow

WITH_SECRET = TOPIC.replace(
    "  Other: {Type: String, Default: b}",
    "  Other: {Type: String, Default: b}\n"
    '  Token: {Type: String, NoEcho: true, Default: "{{resolve:ssm-secure:/none}}"}',
)
TARGETS = {
    "include": [{"organizational_units": ["/Prod", "/Dev"]}],
    "exclude": [{"accounts": [DEV[1]], "reason": "SEC-142 vendor account"}],
}
OVERRIDES: list[dict[str, Any]] = [
    {"targets": {"organizational_units": ["/Prod"]}, "parameters": {"Suffix": "prod"}},
    {
        "targets": {"accounts": [PROD[0]]},
        "regions": ["eu-west-1"],
        "parameters": {"Suffix": "p1", "Token": "{{resolve:ssm-secure:/p1}}"},
    },
]
TOPICS = {"topics": {"template": "topic.yaml", "parameter_overrides": OVERRIDES}}


@pytest.fixture
def manifest(program: Program) -> object:
    path = program.manifest(targets=TARGETS, stack_sets=TOPICS)
    (program.folder / "topic.yaml").write_text(WITH_SECRET)
    return path


def calls_since(program: Program, before: int) -> Counter[str]:
    return Counter(call.operation for call in program.sandbox.calls[before:])


def test_an_included_account_names_its_rule_its_wave_and_the_layer_of_each_parameter(
    program: Program, manifest: object
) -> None:
    """RM#304: overrides cannot be seen centrally."""
    ran = program("explain", manifest, "p1", "eu-west-1", "--format", "json")

    assert ran.code == 0
    found = ran.json
    assert (found["account"], found["account_name"], found["ou_path"]) == (PROD[0], "p1", "/Prod")
    (topics,) = found["stack_sets"]
    assert topics["rule"] == "targets.include[0]"
    assert topics["wave"] == {"wave": 1, "name": "rest"}
    (instance,) = topics["instances"]
    assert (instance["region"], instance["action"]) == ("eu-west-1", "create")
    assert instance["parameters"] == [
        {"name": "Other", "value": "b", "layer": "the template's Default"},
        {"name": "Suffix", "value": "p1", "layer": "stack_sets.topics.parameter_overrides[1]"},
        {"name": "Token", "value": "****", "layer": "stack_sets.topics.parameter_overrides[1]"},
    ]
    assert "/p1}}" not in ran.out + ran.err
    assert program.writes() == []


def test_a_value_that_differs_from_the_default_is_shown_once_with_its_regions(
    program: Program, manifest: object
) -> None:
    """A template with 20 parameters in 17 Regions would be 340 lines."""
    ran = program("explain", manifest, "p1")

    lines = [line.split() for line in ran.out.splitlines() if "parameter_overrides" in line]
    layer = "stack_sets.topics.parameter_overrides"
    assert lines == [
        ["Suffix", "p1", "eu-west-1", f"{layer}[1]"],
        ["Suffix", "prod", "us-east-1", f"{layer}[0]"],
        ["Token", "****", "eu-west-1", f"{layer}[1]"],
    ]
    assert "    1 parameter has the template's Default (--format json names them)" in ran.out
    assert re.search(r"Suffix +prod +all ", program("explain", manifest, "p2").out)


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (DEV[1], "topics: out, excluded: targets.exclude[0]: SEC-142 vendor account"),
        ("l1", "topics: out, out of scope: no target selects it"),
        ("gone", "topics: out, skipped: account is SUSPENDED"),
        ("management", "never deploy to it"),
    ],
)
def test_an_excluded_account_names_the_rule_that_excludes_it(
    program: Program, manifest: object, account: str, why: str
) -> None:
    ran = program("explain", manifest, account)

    assert ran.code == 0
    assert why in ran.out


def test_a_deployed_pair_is_shown_with_its_overrides_and_no_pending_change(
    program: Program, manifest: object
) -> None:
    assert program("apply", manifest, "--yes").code == 0

    ran = program("explain", manifest, PROD[0], "eu-west-1")

    assert "eu-west-1: deployed, CURRENT, overrides Suffix=p1 Token=****" in ran.out
    assert "plan: nothing" in ran.out
    assert "us-east-1:" not in ran.out


def test_the_change_that_explain_announces_is_that_of_the_plan(
    program: Program, manifest: object
) -> None:
    """The same words as `plan --pairs`, for every account and Region."""
    assert program("apply", manifest, "--yes").code == 0
    changed = [{**OVERRIDES[0], "parameters": {"Suffix": "other"}}]
    targets = {**TARGETS, "exclude": [{"accounts": [PROD[2]], "reason": "moved out"}]}
    edited = program.manifest(
        targets=targets,
        stack_sets={"topics": {"template": "topic.yaml", "parameter_overrides": changed}},
    )
    (program.folder / "topic.yaml").write_text(WITH_SECRET)
    plan = program("plan", edited, "--format", "json").json
    planned = {(c["account"], c["region"]): (c["action"], c["reason"]) for c in plan["changes"]}

    explained = {}
    for account in (*PROD, *DEV, "300000000001"):
        found = program("explain", edited, account, "--format", "json").json
        for instance in found["stack_sets"][0]["instances"]:
            if instance["action"] != "nothing":
                place = (found["account"], instance["region"])
                explained[place] = (instance["action"], instance["reason"])

    assert explained == planned
    assert {action for action, _ in planned.values()} == {"create", "update", "detach"}


def test_explain_with_a_warm_journal_does_not_read_the_organization(patient: Program) -> None:
    """Ten thousand accounts take a minute to list; a question about one does not wait for them."""
    manifest = patient.manifest(targets=TARGETS, stack_sets=TOPICS)
    (patient.folder / "topic.yaml").write_text(WITH_SECRET)
    assert patient("apply", manifest, "--yes").code == 0
    before = len(patient.sandbox.calls)

    ran = patient("explain", manifest, PROD[0], "eu-west-1")

    assert "plan: nothing" in ran.out
    assert calls_since(patient, before) == {
        "GetCallerIdentity": 1,
        "DescribeOrganization": 1,
        "DescribeAccount": 1,
        "ListParents": 1,
        "DescribeStackSet": 1,
        "ListStackInstances": 1,
        "DescribeStackInstance": 1,
    }


def test_a_moved_account_is_explained_in_its_present_unit(
    program: Program, manifest: object
) -> None:
    assert program("explain", manifest, "l1").code == 0
    program.sandbox.move("l1", "/Prod")

    ran = program("explain", manifest, "l1")

    assert "l1 300000000001 in /Prod, ACTIVE" in ran.out
    assert "topics: in us-east-1, eu-west-1 by targets.include[0]" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("managment",), "o-a1b2c3d4e5 has no account managment. Did you mean `management`?"),
        (("p1", "eu-wst-1"), "eu-wst-1: there is no such Region. Did you mean `eu-west-1`?"),
        (("p1", "eu-west-3"), "and none has anything there in this account"),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest_known_one(
    program: Program, manifest: object, arguments: tuple[str, ...], said: str
) -> None:
    ran = program("explain", manifest, *arguments)

    assert ran.code in {1, 2}
    assert said in ran.err


def test_a_foreign_stack_set_is_refused_in_the_explanation_too(
    program: Program, manifest: object
) -> None:
    client = boto3.client("cloudformation", endpoint_url=program.server.endpoint)
    client.create_stack_set(StackSetName="base-topics", TemplateBody=TOPIC)

    ran = program("explain", manifest, "p1")

    assert "was not made by orgrollout" in ran.out
    assert "adopt: true" in ran.out


def test_an_account_and_a_region_without_a_manifest_are_not_read_as_one(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program.manifest()
    (program.folder / "empty").mkdir()
    monkeypatch.chdir(program.folder / "empty")
    ran = program("explain", PROD[0], "us-east-1")
    assert ran.code == 2
    assert "no manifest was named, and there is none in this folder" in ran.err

    monkeypatch.chdir(path.parent)
    ran = program("explain", PROD[0], "us-east-1", "--format", "json")
    assert ran.code == 0
    assert ran.json["account"] == PROD[0]
