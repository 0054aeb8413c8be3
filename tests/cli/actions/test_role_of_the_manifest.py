"""Before the first rollout, the roles to look with are those that the manifest itself creates."""

import pytest

from tests.cli.actions.preflighting import BUILTIN, found
from tests.cli.support import Program

pytestmark = pytest.mark.slow

PROBE = "orgrollout-resync-probe"
OWN_ROLE = {
    "stack_sets": {
        **BUILTIN,
        "resync-role": {
            "template": "builtin:resync-role",
            "parameters": {"CallerRole": "Rollout", "ExternalId": "base-7"},
        },
    },
    "drift": {"probe_role": PROBE, "external_id": "base-7"},
}


def test_preflight_names_the_stack_set_that_will_create_the_role(program: Program) -> None:
    """Nothing that the advice of a denied call names would help."""
    gaps = found(program, **OWN_ROLE)["AWS Config recorders"]["not_checked"]

    own = [gap for gap in gaps if PROBE in gap]
    assert len(own) > 1
    for gap in own:
        assert "stack set resync-role of the manifest has not created it there yet" in gap
        assert "--probe-role" in gap
        assert "permissions boundary" not in gap


def test_a_role_outside_the_manifest_keeps_the_advice_of_a_denied_call(
    program: Program,
) -> None:
    gaps = found(program, "--probe-role", "Nobody", **OWN_ROLE)["AWS Config recorders"]

    assert any("permissions boundary denies it" in gap for gap in gaps["not_checked"])


def test_one_reason_in_many_accounts_is_one_line(program: Program) -> None:
    ran = program("preflight", program.manifest(**OWN_ROLE))

    (line,) = [line for line in ran.out.splitlines() if PROBE in line]
    assert "other places for the same reason" in line


def test_bootstrap_says_which_stack_set_creates_the_role(program: Program) -> None:
    """A role that the manifest has already is not to be added to it."""
    ran = program("bootstrap", program.manifest(**OWN_ROLE), "--format", "json")

    (step,) = [step for step in ran.json["steps"] if step["what"] == f"role {PROBE}"]
    assert step["commands"] == [
        "# stack set resync-role of the manifest creates it: `orgrollout apply`"
    ]
