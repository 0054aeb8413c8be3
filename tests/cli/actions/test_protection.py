"""`protection`: its output, options and refusals; it makes no call to AWS."""

import json

import pytest

from tests.cli.support import Program
from tests.paths import MANIFESTS

BASELINE = str(MANIFESTS / "security-baseline.yaml")


def test_text_names_the_denied_actions_and_the_unprotected_resources(program: Program) -> None:
    ran = program.alone("protection", BASELINE)
    assert ran.code == 0
    assert "service control policy (" in ran.out
    assert "of 5,120 characters)" in ran.out
    assert "config:StopConfigurationRecorder" in ran.out
    assert "--exempt ROLE names the break-glass role" in ran.out
    assert "Rules of AWS Config are not protected" in ran.out
    assert "Nothing was attached." in ran.out


def test_json_holds_both_policies_and_their_size(program: Program) -> None:
    ran = program.alone("protection", BASELINE, "--exempt", "BreakGlass", "--format", "json")
    scp, rcp = ran.json["policies"]
    assert (scp["type"], rcp["type"]) == ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
    for each in (scp, rcp):
        text = json.dumps(each["policy"], separators=(",", ":"))
        assert each["characters"] == len(text) <= each["limit"]
        assert "arn:aws:iam::*:role/BreakGlass" in text


def test_a_single_policy_is_printed_in_the_form_of_organizations(program: Program) -> None:
    for kind in ("scp", "rcp"):
        ran = program.alone("protection", BASELINE, "--only", kind)
        assert json.loads(ran.out)["Version"] == "2012-10-17"


@pytest.mark.parametrize("name", ["*", "*Admin", "arn:aws:iam::123456789012:role/x", ""])
def test_a_role_that_would_exempt_everyone_is_refused(program: Program, name: str) -> None:
    ran = program.alone("protection", BASELINE, "--exempt", name)
    assert ran.code == 2
    assert "--exempt: no role is called" in ran.err


def test_a_policy_that_would_be_too_long_is_not_printed(program: Program) -> None:
    many = [part for number in range(30) for part in ("--exempt", f"BreakGlass{number}")]
    ran = program.alone("protection", BASELINE, *many)
    assert ran.code == 1
    assert "AWS takes 5,120" in ran.err
    assert ran.out == ""


def test_templates_of_your_own_have_no_names_to_protect(program: Program) -> None:
    ran = program.alone("protection", program.manifest())
    assert ran.code == 1
    assert "no stack set uses a template that comes along" in ran.err
