"""`preflight` of deliveries: which guard is set, and whether it lets AWS Config in."""

from typing import Any

import pytest
import yaml

from tests.cli.actions.preflighting import BUILTIN, ROLE, found
from tests.cli.support import Program
from tests.stage import DEV

pytestmark = pytest.mark.slow

ARCHIVE = {"log-buckets": {"template": "builtin:log-buckets", "regions": ["us-east-1"]}}
MANIFEST: dict[str, Any] = {
    "stack_sets": {**ARCHIVE, **BUILTIN},
    "targets": {"organizational_units": ["/Dev"]},
    "regions": ["us-east-1"],
}
NAME = "delivery of AWS Config"


def test_the_guard_is_told_and_whether_delivery_was_seen_under_it(program: Program) -> None:
    """AWS documents disagree on which guard lets AWS Config in, and only a delivery shows it."""
    before = found(program, "--probe-role", ROLE, **MANIFEST)[NAME]
    assert (before["outcome"], before["findings"]) == ("ok", [])

    assert program("apply", program.manifest(**MANIFEST), "--yes").code == 0
    program.sandbox.calls.clear()
    unseen = found(program, **MANIFEST)[NAME]
    assert unseen["outcome"] == "not_checked"
    assert not unseen["looked_nowhere"]

    seen = found(program, "--probe-role", ROLE, **MANIFEST)[NAME]
    assert (seen["outcome"], seen["findings"]) == ("ok", [])
    program.sandbox.calls.clear()
    shown = program("preflight", program.manifest(**MANIFEST), "--probe-role", ROLE).out
    assert "DeliveryGuard source-org-id: delivery was seen in 2 account-Regions" in shown


def test_where_delivery_fails_the_next_guard_is_shown(program: Program) -> None:
    assert program("apply", program.manifest(**MANIFEST), "--yes").code == 0
    program.sandbox.break_delivery(DEV[0], "us-east-1", code="AccessDenied", message="Denied")
    program.sandbox.calls.clear()

    check = found(program, "--probe-role", ROLE, **MANIFEST)[NAME]

    (finding,) = check["findings"]
    assert finding["where"] == f"stack set config: {DEV[0]} us-east-1"
    assert "does not deliver (DeliveryGuard source-org-id)" in finding["why"]
    assert check["expected"] == [
        "DeliveryGuard source-org-id: delivery was seen in 1 account-Region"
    ]
    pasted = yaml.safe_load(finding["mend"])["stack_sets"]
    assert pasted["log-buckets"]["parameters"] == {"DeliveryGuard": "organization-prefix"}
    folder = pasted["config"]["parameters"]["DeliveryKeyPrefix"]
    assert folder.startswith("o-")

    sets = {key: {**each, **pasted[key]} for key, each in MANIFEST["stack_sets"].items()}
    program.sandbox.calls.clear()
    again = found(program, "--probe-role", ROLE, **{**MANIFEST, "stack_sets": sets})[NAME]
    (finding,) = again["findings"]
    pasted = yaml.safe_load(finding["mend"])["stack_sets"]["log-buckets"]["parameters"]
    assert pasted["DeliveryGuard"] == "source-accounts"
    assert set(DEV) <= set(pasted["SourceAccountIds"].split(","))
