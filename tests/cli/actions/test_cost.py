"""`cost` is money: the arithmetic of docs/baseline.md, with every number replaceable."""

from typing import Any

import pytest

from tests.cli.support import Program, write_manifest
from tests.paths import DOCS
from tests.stage import BASE

BASELINE: dict[str, Any] = {
    **BASE,
    "accounts": {"log_archive": "300000000001"},
    "targets": {"accounts": ["100000000001"]},
    "regions": ["us-east-1", "eu-west-1", "eu-central-1"],
    "stack_sets": {
        "log-buckets": {
            "template": "builtin:log-buckets",
            "targets": {"accounts": ["log_archive"]},
            "regions": ["us-east-1"],
        },
        "account-roles": {"template": "builtin:account-roles"},
        "config-regional": {"template": "builtin:config-regional"},
        "flowlogs-remediation": {"template": "builtin:flowlogs-remediation"},
    },
}


def _cost(patient: Program, manifest: dict[str, Any], *options: object) -> Any:
    path = write_manifest(patient.folder, manifest)
    ran = patient("cost", path, "--format", "json", *options)
    assert ran.code == 0, ran.err
    return ran.json


def test_the_sum_is_that_of_the_documentation(patient: Program) -> None:
    """docs/baseline.md: 3 x (9.00 + 0.24 + 2.50 + 2.99) = 44.19 a month, and a key."""
    found = _cost(patient, BASELINE)

    assert found["per_month"] == pytest.approx(44.19 + 1.00)
    assert found["estimate"] is True
    assert found["money"][0] == {
        "what": "KMS key of the log buckets",
        "places": 1,
        "units": 1,
        "unit": "key-month",
        "price": 1.0,
        "per_month": 1.0,
    }
    assert {each["places"] for each in found["money"][1:]} == {3}
    assert found["not_estimated"] == []
    assert not patient.writes()


def test_defaults_are_those_of_the_documentation(patient: Program) -> None:
    page = (DOCS / "baseline.md").read_text(encoding="utf-8")
    found = _cost(patient, BASELINE)

    for each in found["prices"].values():
        assert each["source"].startswith("https://aws.amazon.com/")
        assert f"| {each['default']:.2f} |" in page or f"| {each['default']:g} |" in page
    assert found["volumes"]["config-items"]["default"] == 3000
    assert "| 3,000 per account-Region |" in page


def test_own_volumes_and_prices_replace_the_defaults(patient: Program) -> None:
    own = ("--volume", "flow-log-gb=100", "--volume", "config-items=0", "--price", "s3-gb=0")
    found = _cost(patient, BASELINE, *own)

    assert found["per_month"] == pytest.approx(1.00 + 3 * (0.24 + 25.00))
    assert found["volumes"]["flow-log-gb"]["value"] == 100
    assert found["volumes"]["flow-log-gb"]["default"] == 10


def test_parameters_decide_which_resources_cost_money(patient: Program) -> None:
    config = {
        "template": "builtin:config-regional",
        "parameters": {"RuleFrequency": "TwentyFour_Hours"},
        "parameter_overrides": [
            {
                "targets": {"accounts": ["100000000001"]},
                "regions": ["eu-west-1"],
                "parameters": {"Recorder": "existing"},
            }
        ],
    }
    roles = {"template": "builtin:account-roles"}
    manifest = {**BASELINE, "stack_sets": {"account-roles": roles, "config-regional": config}}
    found = _cost(patient, manifest)

    assert [(each["what"], each["places"], each["units"]) for each in found["money"]] == [
        ("AWS Config, continuous recording", 2, 3000),
        ("AWS Config, flow log rule", 3, 60),
    ]


def test_templates_without_prices_are_named_and_not_counted_as_free(patient: Program) -> None:
    ran = patient("cost", patient.manifest())

    assert ran.code == 0
    assert "An estimate, and no quote" in ran.out
    assert "Not estimated: 1 stack set with other templates (topics)." in ran.out


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--volume", "flow-log-gbs=1"), "there is no `flow-log-gbs`. Did you mean `flow-log-gb`?"),
        (("--volume", "vpcs=many"), "write a number from 0 on, as in vpcs=2.5"),
        (("--price", "kms-key=-1"), "write a number from 0 on"),
        (("--price", "kms-key=nan"), "write a number from 0 on"),
    ],
)
def test_an_invalid_number_is_refused(patient: Program, option: tuple[str, str], said: str) -> None:
    ran = patient("cost", patient.manifest(), *option)

    assert ran.code == 2
    assert said in ran.err
    assert not patient.sandbox.calls
