"""The shipped manifests, and what the manifest room makes of the templates' own metadata."""

from pathlib import Path

import pytest
import yaml

from orgrollout.errors import ManifestError
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import StackSetKey
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, VirtualClock
from tests.paths import MANIFESTS
from tests.stage import Stage
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import LOG_ARCHIVE, Place, resolve
from tests.templates.support.shipped import ORGANIZATION, read

SHIPPED = sorted(path.stem for path in MANIFESTS.glob("*.yaml") if path != ORGANIZATION)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_manifest_is_applied_and_then_at_rest(name: str, tmp_path: Path) -> None:
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        assert stage.apply(read(name)).state.outcome is Outcome.SUCCEEDED
        assert list(stage.plan(read(name)).changes()) == []


def test_check_44_with_a_log_archive_only_logs_in_it_count() -> None:
    """Otherwise any flow log anywhere would do, though the archive lacks it."""
    for name in SHIPPED:
        manifest = read(name)
        given = manifest["stack_sets"].get("flowlogs-remediation", {}).get("parameters", {})
        if name.startswith("security-baseline") and "log_archive" in manifest.get("accounts", {}):
            assert given["OtherFlowLogs"] == "ignore", name


def test_check_33_a_second_region_for_the_roles_is_refused(tmp_path: Path) -> None:
    """Roles are global: the second Region would fail on names that are taken."""
    manifest = read("security-baseline")
    manifest["stack_sets"]["account-roles"]["regions"] = ["us-east-1", "eu-west-1"]
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
    with pytest.raises(
        ManifestError, match=r"account-roles\.regions: the template goes to one Region"
    ):
        load_manifest(path)


def test_a_region_without_remediation_is_left_out_unless_the_manifest_insists(
    tmp_path: Path,
) -> None:
    """The gap is data of the template, its reason is told, and the manifest has the last word."""
    regions = ["us-east-1", "mx-central-1"]
    manifest = {**read("security-baseline"), "targets": "all", "regions": regions}
    key = StackSetKey("flowlogs-remediation")
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        gap = stage.look(manifest).desired.stack_sets[key]
        assert {pair.region for pair in gap.pairs} == {"us-east-1"}
        reasons = {left.reason for left in gap.left_out_pairs.values()}
        assert any("RemediationConfiguration does not exist there" in why for why in reasons)

        manifest["stack_sets"][key]["regions"] = regions
        insisted = stage.look(manifest).desired.stack_sets[key]
        assert {pair.region for pair in insisted.pairs} == set(regions)


def test_the_sample_excludes_every_account_without_a_recorder_from_the_pack(
    tmp_path: Path,
) -> None:
    """Each of them would fail the pack, the management account included."""
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        recorded = stage.look(read("security-baseline")).desired.stack_sets
        recorders = set(recorded[StackSetKey("config-regional")].pairs)
        beside = stage.look(read("beside-the-baseline")).desired.stack_sets
        pack = beside[StackSetKey("org-conformance")]
        active = {
            each.id for each in sandbox.organization.accounts.values() if each.state == "ACTIVE"
        }
    assert {pair.region for pair in pack.pairs} == {"us-east-1", "eu-west-1", "ap-northeast-1"}
    for pair, digest in pack.pairs.items():
        given = {**pack.definition.parameters, **pack.parameter_sets[digest]}
        excluded = set(given["ExcludedAccounts"].split(","))
        without = active - {each.account for each in recorders if each.region == pair.region}
        assert excluded == without, pair


RINGS = """
parameters: {Remediation: runbook-only}
parameter_overrides:
  - {targets: {organizational_units: /Sandbox}, parameters: {Remediation: automatic}}
  - {targets: {organizational_units: /Infrastructure}, parameters: {Remediation: manual}}
"""


def test_a_ring_is_an_override_and_changes_exactly_its_accounts(tmp_path: Path) -> None:
    """As docs/baseline.md shows it; the next ring is the next edit."""
    key, manifest = StackSetKey("flowlogs-remediation"), read("security-baseline")
    manifest["stack_sets"][key] |= yaml.safe_load(RINGS)
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        stage = Stage(sandbox, tmp_path)

        def remediation() -> dict[str, set[str]]:
            wanted = stage.look(manifest).desired.stack_sets[key]
            found: dict[str, set[str]] = {}
            for pair, digest in wanted.pairs.items():
                given = {**wanted.definition.parameters, **wanted.parameter_sets[digest]}
                found.setdefault(given["Remediation"], set()).add(pair.account)
            return found

        first = remediation()
        assert set(first) == {"runbook-only", "manual", "automatic"}
        manifest["stack_sets"][key]["parameter_overrides"][1]["parameters"] = {
            "Remediation": "automatic"
        }
        assert remediation() == {
            "automatic": first["automatic"] | first["manual"],
            "runbook-only": first["runbook-only"],
        }


def test_the_smallest_manifest_works_by_the_templates_own_defaults(tmp_path: Path) -> None:
    """Order, home Region, capabilities and the central buckets need not be written."""
    names = ("log-buckets", "account-roles", "config-regional", "flowlogs-remediation")
    manifest = {
        "version": 1,
        "name": "small",
        "organization": "o-a1b2c3d4e5",
        "home_region": "us-east-1",
        "accounts": {"log_archive": LOG_ARCHIVE},
        "targets": "all",
        "regions": ["us-east-1", "eu-west-1"],
        "stack_sets": {name: {"template": f"builtin:{name}"} for name in names},
    }
    manifest["stack_sets"]["log-buckets"]["targets"] = {"accounts": ["log_archive"]}  # type: ignore[index]
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        wanted = Stage(sandbox, tmp_path).look(manifest).desired.stack_sets
    roles, config = wanted[StackSetKey("account-roles")], wanted[StackSetKey("config-regional")]
    assert roles.definition.capabilities == ("CAPABILITY_NAMED_IAM",)
    assert roles.definition.parameters["AdministratorAccountId"] == "999999999999"
    assert {pair.region for pair in roles.pairs} == {"us-east-1"}
    assert config.depends_on == (StackSetKey("account-roles"),)
    assert config.prerequisites == (StackSetKey("log-buckets"),)
    given = dict(config.definition.parameters)
    buckets = wanted[StackSetKey("log-buckets")].definition.parameters
    assert buckets["OrganizationId"] == "o-a1b2c3d4e5"
    shipped = Templates.shipped()
    channel = resolve(shipped.document("config-regional"), Place(region="eu-west-1"), **given)
    archive = resolve(shipped.document("log-buckets"), Place(LOG_ARCHIVE), **buckets)
    assert channel.outputs["DeliveryBucketName"] == archive.outputs["ConfigBucketName"]
