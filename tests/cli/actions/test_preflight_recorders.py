"""`preflight` of AWS Config: a recorder that is in the way, before a rollout and after it."""

from typing import Any

import pytest
import yaml

from tests.cli.actions.preflighting import BUILTIN, ROLE, found, inside, record
from tests.cli.support import Program
from tests.stage import DEV

pytestmark = pytest.mark.slow


def test_an_existing_recorder_is_reported_as_an_override_to_paste(program: Program) -> None:
    """terraform-aws-config#69, #121: only one recorder and channel per account and Region."""
    record(program, DEV[0], "eu-west-1")
    changes: dict[str, Any] = {"stack_sets": BUILTIN, "targets": {"organizational_units": ["/Dev"]}}

    check = found(program, "--probe-role", ROLE, **changes)["AWS Config recorders"]

    (finding,) = check["findings"]
    assert f"{DEV[0]} eu-west-1" in finding["where"]
    assert "recorder theirs" in finding["why"]
    pasted = yaml.safe_load(finding["mend"])["stack_sets"]["config"]
    assert pasted["parameter_overrides"] == [
        {
            "targets": {"accounts": [DEV[0]]},
            "regions": ["eu-west-1"],
            "parameters": {"Recorder": "existing"},
        }
    ]
    fixed = {**changes, "stack_sets": {"config": {**BUILTIN["config"], **pasted}}}
    assert found(program, "--probe-role", ROLE, **fixed)["AWS Config recorders"]["findings"] == []


DEVELOPMENT = {"targets": {"organizational_units": ["/Dev"]}, "regions": ["us-east-1"]}


def test_a_recorder_that_made_a_rollout_fail_is_found_afterwards(program: Program) -> None:
    """A stack instance whose creation failed exists, and has no stack."""
    record(program, DEV[0], "us-east-1")
    assert program("apply", program.manifest(stack_sets=BUILTIN, **DEVELOPMENT), "--yes").code == 3
    program.sandbox.calls.clear()

    check = found(program, "--probe-role", ROLE, stack_sets=BUILTIN, **DEVELOPMENT)

    (finding,) = check["AWS Config recorders"]["findings"]
    assert finding["where"] == f"stack set config: {DEV[0]} us-east-1"


def test_a_recorder_of_our_own_is_no_finding(program: Program) -> None:
    """An update that failed leaves the stack and its resources as they were."""
    path = program.manifest(stack_sets=BUILTIN, **DEVELOPMENT)
    assert program("apply", path, "--yes").code == 0
    program.sandbox.fail(DEV[0], reason="Internal failure", times=None)
    changed = {"config": {**BUILTIN["config"], "parameters": {"RecordingFrequency": "DAILY"}}}
    manifest = {"stack_sets": changed, **DEVELOPMENT}
    assert program("apply", program.manifest(**manifest), "--yes").code == 3
    program.sandbox.calls.clear()

    check = found(program, "--probe-role", ROLE, **manifest)["AWS Config recorders"]

    assert check["outcome"] == "ok"
    assert "DescribeStackResource" in {call.operation for call in program.sandbox.calls}


def test_a_missing_recorder_is_found_before_the_rollout(
    program: Program,
) -> None:
    """`Recorder: existing` makes only the rule, and a rule needs a recorder."""
    config = {**BUILTIN["config"], "parameters": {"Recorder": "existing"}}
    changes: dict[str, Any] = {"stack_sets": {**BUILTIN, "config": config}, **DEVELOPMENT}
    record(program, DEV[0], "us-east-1")
    inside(program, DEV[0], "s3", "us-east-1").create_bucket(Bucket="history")
    client = inside(program, DEV[0], "config", "us-east-1")
    client.put_delivery_channel(DeliveryChannel={"name": "c", "s3BucketName": "history"})
    client.start_configuration_recorder(ConfigurationRecorderName="theirs")
    program.sandbox.calls.clear()

    check = found(program, "--probe-role", ROLE, **changes)["preconditions"]

    (finding,) = check["findings"]
    assert finding["where"] == f"stack set config: {DEV[1]} us-east-1"
    assert "there is no recorder" in finding["why"]
    unseen = found(program, **changes)["preconditions"]
    assert unseen["outcome"] == "not_checked"


def test_a_recorder_that_an_earlier_stack_set_creates_is_not_missing(
    program: Program,
) -> None:
    """The rules of a second stack set need the recorder of the first, which is not there yet."""
    second = {
        "template": "builtin:config-regional",
        "depends_on": ["config"],
        "parameters": {"Recorder": "existing", "NamePrefix": "more"},
    }
    changes: dict[str, Any] = {"stack_sets": {**BUILTIN, "rules": second}, **DEVELOPMENT}

    check = found(program, "--probe-role", ROLE, **changes)["preconditions"]

    assert (check["outcome"], check["findings"]) == ("ok", [])
    (said,) = check["expected"]
    assert said.startswith("stack set rules: config-recorder will be created by stack set config: ")
    assert f"{DEV[0]} us-east-1" in said
    program.sandbox.calls.clear()
    assert found(program, **changes)["preconditions"]["outcome"] == "ok"

    at_once = {**BUILTIN, "rules": {**second, "depends_on": []}}
    unordered = found(program, "--probe-role", ROLE, **{**changes, "stack_sets": at_once})
    (finding,) = unordered["preconditions"]["findings"]
    assert "there is no recorder" in finding["why"]
