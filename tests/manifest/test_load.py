"""The result of loading a valid manifest, and its queries."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orgrollout.manifest import load_manifest
from orgrollout.manifest.schema import Block, Exclusion, Targets
from orgrollout.manifest.template.builtin import builtin_path
from orgrollout.model.ids import StackSetKey
from orgrollout.model.stack_set import PermissionModel
from tests.manifest.conftest import MANIFEST, Load, Say, change
from tests.manifest.design import FULL, SMALL, TEAMX
from tests.paths import MANIFESTS

EXAMPLES = MANIFESTS
CONFIG, ROLES = StackSetKey("config"), StackSetKey("roles")


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """Return a folder for a manifest, with the templates of the design where it looks for them."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "stacksets").mkdir()
    for name in ("account-roles", "config-regional"):
        (tmp_path / "stacksets" / f"{name}.yaml").write_bytes(builtin_path(name).read_bytes())
    (tmp_path / "manifests" / "teamx.yaml").write_text(TEAMX)
    return tmp_path / "manifests"


def test_the_small_manifest_is_complete(design: Path) -> None:
    (design / "small.yaml").write_text(SMALL)
    loaded = load_manifest(design / "small.yaml")
    remediation = StackSetKey("flowlogs-remediation")
    assert loaded.stack_set_name(remediation) == "baseline-flowlogs-remediation"
    assert {"account-roles", "config-regional"} <= set(loaded.depends_on(remediation))
    assert loaded.capabilities(StackSetKey("account-roles")) == ("CAPABILITY_NAMED_IAM",)
    assert loaded.manifest.targets == Targets(everyone=True)


def test_the_full_manifest_of_the_design_can_be_loaded(design: Path) -> None:
    (design / "full.yaml").write_text(FULL)
    loaded = load_manifest(design / "full.yaml")
    assert loaded.stack_set_name(StackSetKey("theirs")) == "TeamX-Config"
    assert "old-baseline" not in loaded.templates


def test_every_example_is_sound() -> None:
    paths = [path for path in EXAMPLES.glob("*.yaml") if "stack_sets:" in path.read_text()]
    for path in paths:
        assert load_manifest(path).templates
    assert any(path.name == "security-baseline.yaml" for path in paths)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("all", Targets(everyone=True)),
        ("core", Targets(include=(Block(organizational_units=("/Core",)),))),
        (
            "{tags: {tier: gold, baseline: [core, strict]}, match: any}",
            Targets(
                include=(
                    Block.model_validate(
                        {"tags": {"tier": "gold", "baseline": ["core", "strict"]}, "match": "any"}
                    ),
                )
            ),
        ),
        (
            "{include: all, exclude: {accounts: log_archive, reason: vendor, until: 2027-01-31}}",
            Targets(
                everyone=True,
                exclude=(
                    Exclusion(accounts=("log_archive",), reason="vendor", until=date(2027, 1, 31)),
                ),
            ),
        ),
        (
            '{include: [{organizational_units: /Core}, {accounts: ["444455556666"]}]}',
            Targets(
                include=(Block(organizational_units=("/Core",)), Block(accounts=("444455556666",)))
            ),
        ),
    ],
)
def test_targets_have_short_forms(load: Load, written: str, meant: Targets) -> None:
    assert load(change("targets: all", f"targets: {written}")).manifest.targets == meant


def test_parameters_become_text_exactly_as_written(load: Load) -> None:
    text = change("DAILY}", "DAILY, Days: 30, Prefix: 1.10, Types: [a, c]}")
    assert load(text).manifest.stack_sets["config"].parameters == {
        "Frequency": "DAILY",
        "Days": "30",
        "Prefix": "1.10",
        "Types": "a,c",
    }


def test_times_are_utc_and_a_day_counts_in_full(load: Load) -> None:
    rollout = """
rollout:
  waves: [{name: a, percent: 5, after: {soak: 1h30m}}, {name: b, accounts: log_archive, after: {soak: PT2H}}]
  freeze: [2026-12-20/2027-01-04, "2027-02-01T18:00+02:00/2027-02-02T06:00"]
  max_failed_accounts: 3
"""  # noqa: E501
    made = load(MANIFEST + rollout).manifest.rollout
    assert [wave.after.soak for wave in made.waves] == [timedelta(minutes=90), timedelta(hours=2)]
    assert [(window.start, window.end) for window in made.freeze] == [
        (datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)),
        (datetime(2027, 2, 1, 16, tzinfo=UTC), datetime(2027, 2, 2, 6, tzinfo=UTC)),
    ]
    assert made.max_failed_accounts == "3"


def test_words_that_yaml_reads_as_booleans_are_ordinary_keys(load: Load) -> None:
    text = change("{log_archive:", "{no: '999988887777', off: '888877776666', log_archive:")
    assert load(text).manifest.accounts["no"] == "999988887777"


def test_anchors_and_merges_work(load: Load) -> None:
    text = change("  roles:\n", "  roles: &base\n    tags: {owner: security}\n")
    text = change("  config:\n", "  config:\n    <<: *base\n", text)
    assert load(text).manifest.stack_sets["config"].tags == {"owner": "security"}
    assert load(text).templates[CONFIG].name == "config"


def test_the_template_supplies_settings_that_the_manifest_omits(load: Load) -> None:
    loaded = load(change("    depends_on: [roles]\n", ""))
    assert loaded.depends_on(CONFIG) == (ROLES,)
    assert loaded.capabilities(ROLES) == ("CAPABILITY_NAMED_IAM",)
    assert loaded.regions(ROLES) == ("us-east-1",)
    assert loaded.regions(CONFIG) == ("us-east-1", "eu-west-1")
    assert loaded.parameter_defaults(CONFIG) == {
        "Organization": "${organization.id}",
        "Archive": "${accounts.log_archive}",
    }


def test_the_manifest_wins_over_the_template(load: Load) -> None:
    loaded = load(change("depends_on: [roles]", "depends_on: []\n    capabilities: []"))
    assert loaded.depends_on(CONFIG) == ()
    assert loaded.capabilities(CONFIG) == ()


def test_only_used_variables_are_kept(load: Load) -> None:
    text = change("DAILY}", "DAILY, Prefix: '${env:STAGE}'}")
    loaded = load(text, {"STAGE": "prod", "AWS_SECRET_ACCESS_KEY": "hunter2"})
    assert loaded.environment == {"STAGE": "prod"}
    assert loaded.values == {
        "organization.id": "o-a1b2c3d4e5",
        "home_region": "us-east-1",
        "accounts.log_archive": "111122223333",
        "env:STAGE": "prod",
    }
    assert "prod" not in repr(loaded)


def test_a_problem_found_later_has_its_place_in_the_manifest(load: Load) -> None:
    """An unknown unit is found out by the organization, and still has a line."""
    loaded = load(change("targets: all", "targets: core"))
    path = ("stack_sets", "config", "parameters", "Frequency")
    assert str(loaded.problem(path, "no.", "Yes.")) == (
        "manifest.yaml:17:29: stack_sets.config.parameters.Frequency: no. Yes."
    )
    inherited = loaded.problem(("targets", "include", 0, "organizational_units", 0), "no.")
    assert str(inherited) == "manifest.yaml:8:33: target_groups.core.organizational_units[0]: no."
    missing = loaded.problem(("stack_sets", "config", "targets"), "no.")
    assert str(missing) == "manifest.yaml:14:3: stack_sets.config.targets: no."


def test_self_managed_is_written_in_small_letters(load: Load) -> None:
    extra = "    permission_model: self_managed\n    execution_role_name: runner\n"
    loaded = load(change("  roles:\n", f"  roles:\n{extra}"))
    model = loaded.manifest.stack_sets["roles"].permission_model
    assert model is PermissionModel.SELF_MANAGED


def test_a_dependency_cycle_made_by_templates_is_found(say: Say, folder: Path) -> None:
    path = folder / "roles.yaml"
    path.write_text(
        path.read_text().replace("    version: 1\n", "    version: 1\n    depends_on: [config]\n")
    )
    assert say(change("    depends_on: [roles]\n", "")) == [
        "manifest.yaml:12:3: stack_sets.roles.depends_on: the order goes in a circle: "
        "roles -> config -> roles. Remove one of these dependencies."
    ]


def test_loading_imports_no_module_that_it_does_not_use() -> None:
    """`validate --help` and every other command import this first."""
    code = "import sys, orgrollout.manifest; print(*sorted(sys.modules))"
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert "orgrollout.manifest.load" in modules
    assert not modules & {"boto3", "botocore", "cfnlint", "moto", "jsonschema"}
