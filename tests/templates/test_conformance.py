"""Checks 90 to 92: the conformance pack is one that AWS Config takes, with rules that exist."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.errors import Problem
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.once_advice import made_once_only
from tests.templates.support.fitting import request_for
from tests.templates.support.reading import Templates, parse, strings
from tests.templates.support.resolving import AUDIT, Place, resolve
from tests.templates.support.shipped import read

PACK = "AWS::Config::OrganizationConformancePack"
KNOWN = yaml.safe_load((Path(__file__).parent / "managed_rules.yaml").read_text("utf-8"))
CHOICES = {"network-and-logging": 21, "network": 7, "logging": 14}


def pack_of(templates: Templates, **given: str) -> dict[str, Any]:
    return resolve(templates.document("org-conformance"), Place(AUDIT), **given).only(PACK)


def body_of(templates: Templates, rules: str) -> dict[str, Any]:
    """Return the template inside the template."""
    return parse(pack_of(templates, Rules=rules)["TemplateBody"])


def test_check_90_every_rule_is_one_of_aws_with_parameters_that_it_has(
    templates: Templates,
) -> None:
    """A wrong identifier fails the pack in every account of the organization."""
    for choice, count in CHOICES.items():
        rules = body_of(templates, choice)["Resources"]
        assert len(rules) == count
        identifiers = []
        for rule in rules.values():
            assert rule["Type"] == "AWS::Config::ConfigRule"
            properties = rule["Properties"]
            assert properties["Source"]["Owner"] == "AWS"
            identifiers.append(identifier := properties["Source"]["SourceIdentifier"])
            known = KNOWN[identifier]["parameters"]
            assert set(properties.get("InputParameters", {})) <= set(known)
        assert len(set(identifiers)) == count
        names = {rule["Properties"]["ConfigRuleName"] for rule in rules.values()}
        assert len(names) == count
        # config-regional has it, with the traffic that the organization chose.
        assert "VPC_FLOW_LOGS_ENABLED" not in identifiers


def test_check_90_what_rules_refer_to_is_given_and_nothing_else(templates: Templates) -> None:
    for choice in CHOICES:
        body, pack = body_of(templates, choice), pack_of(templates, Rules=choice)
        used = _referred(body["Resources"])
        given = {each["ParameterName"] for each in pack["ConformancePackInputParameters"]}
        assert used == set(body["Parameters"]) == given
        assert not {text for text in strings(body) if "${" in text}


def _referred(value: Any) -> set[str]:
    match value:
        case {"Ref": name}:
            return {str(name)}
        case dict():
            return {name for each in value.values() for name in _referred(each)}
        case list():
            return {name for each in value for name in _referred(each)}
        case _:
            return set()


def test_check_91_the_pack_is_a_request_that_aws_config_takes(templates: Templates) -> None:
    """At most 51,200 bytes of template and 60 parameters; rules 25, the limit that was longest."""
    for choice, count in CHOICES.items():
        more = {"ExcludedAccounts": "111122223333,222233334444"}
        more["DeliveryBucketName"] = "awsconfigconforms-audit"
        pack = pack_of(templates, Rules=choice, **more)
        request = request_for("config", "PutOrganizationConformancePack", **pack)
        assert request["ExcludedAccounts"] == ["111122223333", "222233334444"]
        assert len(request["TemplateBody"].encode()) <= 51_200
        assert len(request["ConformancePackInputParameters"]) <= 60
        assert count <= 25
        assert request["OrganizationConformancePackName"].startswith("orgrollout-")
    nothing = pack_of(templates)
    assert not {"ExcludedAccounts", "DeliveryS3Bucket"} & set(nothing)


def test_check_91_the_bucket_is_named_as_aws_config_asks(templates: Templates) -> None:
    """DeliveryS3Bucket: "If used, it must be prefixed with awsconfigconforms" (API reference)."""
    for right in ("awsconfigconforms1", "awsconfigconforms-" + "a" * 45):
        assert pack_of(templates, DeliveryBucketName=right)["DeliveryS3Bucket"] == right
    for wrong in ("my-bucket", "awsconfigconforms-" + "a" * 46, "awsconfigconforms-", "s3://x"):
        with pytest.raises(ValueError, match="DeliveryBucketName"):
            pack_of(templates, DeliveryBucketName=wrong)


def test_check_92_more_than_one_account_is_warned_of_and_more_regions_are_not(
    templates: Templates, tmp_path: Path
) -> None:
    """All accounts but one would fail: they may not make anything for the organization."""
    (tmp_path / "org-conformance.yaml").write_text(templates.texts["org-conformance"], "utf-8")
    manifest = read("beside-the-baseline")
    manifest["stack_sets"] = {"org-conformance": {"template": "org-conformance.yaml"}}

    def warned(targets: Any) -> list[Problem]:
        manifest["targets"] = targets
        (tmp_path / "manifest.yaml").write_text(yaml.safe_dump(manifest), "utf-8")
        loaded = load_manifest(tmp_path / "manifest.yaml")
        return list(made_once_only(loaded))

    assert warned({"accounts": ["audit"]}) == []
    for several in ({"accounts": ["audit", "log_archive"]}, "all"):
        (problem,) = warned(several)
        assert "Pack (AWS::Config::OrganizationConformancePack) belongs into one account" in (
            problem.message
        )
        assert problem.fix == (
            "Target one account in stack_sets.org-conformance: the one that administers AWS Config "
            "for the organization. Its Regions may stay."
        )
