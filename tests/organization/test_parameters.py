"""Layers of parameters: later ones win, sets are stored once, and every value has its origin."""

from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, digest_of
from orgrollout.model.stack_set import OWNER_TAG, PermissionModel
from orgrollout.organization.explain import ParameterOrigin, ParameterOrigins, explain_account
from tests.organization.small import (
    ARCHIVE,
    HOME,
    IRELAND,
    LEDGER,
    MANAGEMENT,
    ONLY,
    PLAY,
    SHOP,
    TODAY,
    TRIAL,
    Load,
    at,
    only,
    organization,
    resolve,
)

_LAYERS = """
    accounts: {archive: "111122223333"}
    targets: all
    regions: [us-east-1, eu-west-1]
    stack_sets:
      only:
        template: defaults.yaml
        parameters: {Bucket: "${organization.id}-${management_account}"}
        parameter_overrides:
          - {targets: {organizational_units: [/Workloads]}, parameters: {Mode: light, Bucket: b}}
          - {targets: {organizational_units: [/Workloads/Prod]}, regions: [eu-west-1],
             parameters: {Mode: "${accounts.archive}"}}
          - {targets: {organizational_units: [/Sandbox]}, parameters: {Bucket: b, Mode: light}}
"""


def test_metadata_then_the_stack_set_make_its_own_parameters(load: Load) -> None:
    """Defaults of the template are sent too: what an omitted parameter means is not documented."""
    assert only(load(_LAYERS)).definition.parameters == {
        "Mode": "from us-east-1",
        "Bucket": f"o-a1b2c3d4e5-{MANAGEMENT}",
        "Secret": "{{resolve:ssm:/none}}",
    }


def test_metadata_that_names_an_unknown_account_leaves_the_default_of_the_template(
    load: Load,
) -> None:
    loaded = load("""
        targets: all
        regions: [home]
        stack_sets: {only: {template: defaults.yaml}}
    """)
    assert only(loaded).definition.parameters == {
        "Mode": "from us-east-1",
        "Bucket": "",
        "Secret": "{{resolve:ssm:/none}}",
    }


def test_overrides_hold_only_what_they_override_and_later_ones_win(load: Load) -> None:
    desired = only(load(_LAYERS))

    def overrides(account: AccountId, region: Region) -> object:
        return desired.parameter_sets[desired.pairs[Pair(account, region)]]

    assert overrides(ARCHIVE, HOME) == {}
    assert overrides(TRIAL, IRELAND) == {"Mode": "light", "Bucket": "b"}
    assert overrides(LEDGER, HOME) == {"Mode": "light", "Bucket": "b"}
    assert overrides(LEDGER, IRELAND) == {"Mode": "111122223333", "Bucket": "b"}


def test_equal_sets_of_overrides_are_stored_once_under_their_digest(load: Load) -> None:
    desired = only(load(_LAYERS))

    assert desired.pairs[Pair(PLAY, HOME)] == desired.pairs[Pair(TRIAL, HOME)]
    assert len(desired.parameter_sets) == 3
    assert {digest_of(s) for s in desired.parameter_sets.values()} == set(desired.parameter_sets)
    assert set(desired.pairs.values()) == set(desired.parameter_sets)


def test_an_override_can_leave_accounts_out(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1, eu-west-1]
        stack_sets:
          only:
            template: plain.yaml
            parameter_overrides:
              - targets:
                  include: all
                  exclude:
                    - {organizational_units: [/Workloads], reason: theirs}
                    - {accounts: ["200000000005"], regions: [us-east-1], reason: later}
                parameters: {Mode: light}
    """)
    desired = only(loaded)
    light = {pair for pair, digest in desired.pairs.items() if desired.parameter_sets[digest]}
    assert light == {Pair(ARCHIVE, HOME), Pair(ARCHIVE, IRELAND), Pair(PLAY, IRELAND)}


def test_blocks_of_an_override_add_up_each_in_its_regions(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1, eu-west-1]
        stack_sets:
          only:
            template: plain.yaml
            parameter_overrides:
              - targets:
                  include:
                    - {organizational_units: [/Security, /Sandbox], regions: [eu-west-1]}
                    - {organizational_units: [/Security], regions: [us-east-1]}
                parameters: {Mode: light}
    """)
    desired = only(loaded)
    light = {pair for pair, digest in desired.pairs.items() if desired.parameter_sets[digest]}
    assert light == {Pair(ARCHIVE, HOME), Pair(ARCHIVE, IRELAND), Pair(PLAY, IRELAND)}


def test_an_override_for_a_region_it_never_goes_to_is_an_error(load: Load) -> None:
    """Only here it is known where home is."""
    loaded = load("""
        targets: all
        regions: [eu-west-1]
        stack_sets:
          only:
            template: roles.yaml
            parameter_overrides:
              - {targets: all, regions: [eu-west-1], parameters: {Mode: light}}
    """)
    with pytest.raises(ManifestError, match="eu-west-1 is not among the Regions of the stack set"):
        resolve(loaded)


def test_an_override_for_all_holds_in_a_management_account_that_is_reached(load: Load) -> None:
    loaded = load("""
        regions: [us-east-1]
        stack_sets:
          only:
            template: plain.yaml
            permission_model: self_managed
            targets: {accounts: ["999999999999"]}
            parameter_overrides: [{targets: all, parameters: {Mode: light}}]
    """)
    desired = only(loaded)
    assert desired.parameter_sets[desired.pairs[Pair(MANAGEMENT, HOME)]] == {"Mode": "light"}


def test_the_definition_is_what_the_manifest_says_and_marked_as_ours(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1]
        stack_sets:
          only:
            template: plain.yaml
            description: everywhere
            capabilities: [CAPABILITY_IAM]
            permission_model: self_managed
            execution_role_name: Runner
            tags: {where: "${home_region}"}
            retain_stacks: false
            adopt: true
    """)
    desired = only(loaded)
    definition = desired.definition

    assert definition.tags == {"where": "us-east-1", OWNER_TAG: "baseline"}
    assert definition.template_body == loaded.templates[ONLY].body
    assert definition.capabilities == ("CAPABILITY_IAM",)
    assert definition.permission_model is PermissionModel.SELF_MANAGED
    assert (definition.description, definition.execution_role_name) == ("everywhere", "Runner")
    assert (desired.name, desired.retain_stacks, desired.adopt) == ("baseline-only", False, True)


def test_an_absent_stack_set_wants_nothing_anywhere(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1]
        stack_sets:
          other: {template: plain.yaml}
          only: {state: absent, stack_set_name: Old-Name}
    """)
    desired = only(loaded)

    assert desired.absent
    assert (desired.name, desired.pairs, desired.retain_stacks) == ("Old-Name", {}, True)
    assert {why.reason for why in desired.left_out.values()} == {"the stack set is `state: absent`"}


def origins_of(loaded: LoadedManifest, pair: Pair) -> tuple[ParameterOrigin, ...]:
    return ParameterOrigins(loaded, organization(), home_region=HOME, now=at(TODAY)).of(ONLY, pair)


def test_every_parameter_has_the_layer_that_set_it(load: Load) -> None:
    origins = origins_of(load(_LAYERS), Pair(LEDGER, IRELAND))
    assert [(o.name, o.value, o.layer) for o in origins] == [
        ("Bucket", "b", "stack_sets.only.parameter_overrides[0]"),
        ("Mode", "111122223333", "stack_sets.only.parameter_overrides[1]"),
        ("Secret", "****", "the template's Default"),
    ]


def test_parameters_without_an_override_come_from_stack_set_and_metadata(load: Load) -> None:
    origins = origins_of(load(_LAYERS), Pair(ARCHIVE, HOME))
    assert {o.name: o.layer for o in origins} == {
        "Bucket": "stack_sets.only.parameters",
        "Mode": "the template's metadata",
        "Secret": "the template's Default",
    }


def test_a_secret_is_masked_wherever_it_comes_from(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [home]
        stack_sets:
          only:
            template: plain.yaml
            parameters: {Secret: "{{resolve:ssm-secure:/token}}"}
    """)
    origins = origins_of(loaded, Pair(SHOP, HOME))
    (secret,) = (o for o in origins if o.name == "Secret")
    assert (secret.value, secret.layer) == ("****", "stack_sets.only.parameters")


def test_an_account_is_told_what_each_stack_set_does_with_it_and_why(load: Load) -> None:
    loaded = load("""
        targets:
          include: [{organizational_units: [/Workloads], regions: [us-east-1]}]
          exclude: [{accounts: ["200000000003"], reason: vendor}]
        regions: [us-east-1, eu-west-1]
        stack_sets:
          only: {template: plain.yaml}
          other: {template: plain.yaml, targets: {accounts: ["200000000003"]}, regions: [home]}
    """)
    desired = resolve(loaded)
    shop, _ = explain_account(desired, SHOP)
    excluded, included = explain_account(desired, TRIAL)

    assert (shop.stack_set, shop.rule, shop.regions) == (ONLY, "targets.include[0]", (HOME,))
    assert [(region, why.state) for region, why in shop.left_out_regions] == [
        (IRELAND, "out_of_scope")
    ]
    assert excluded.left_out is not None
    assert excluded.left_out.reason == "targets.exclude[0]: vendor"
    assert (excluded.regions, excluded.rule) == ((), "")
    assert (included.stack_set, included.regions) == (StackSetKey("other"), (HOME,))
    assert included.rule == "stack_sets.other.targets"


def test_a_value_is_checked_against_the_template_once_it_is_substituted(tmp_path: Path) -> None:
    """What the environment holds is known only here, and CloudFormation would tell too late."""
    (tmp_path / "strict.yaml").write_text(
        "Parameters:\n"
        "  Level: {Type: Number, Default: 1, MaxValue: 5}\n"
        "  Bucket: {Type: String, Default: a-b, AllowedPattern: '[a-z-]+'}\n"
        "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"
    )
    path = tmp_path / "manifest.yaml"
    path.write_text(
        "version: 1\nname: baseline\norganization: o-a1b2c3d4e5\nregions: [us-east-1]\n"
        "targets: all\nstack_sets:\n  only:\n    template: strict.yaml\n"
        '    parameters: {Level: "${env:LEVEL}", Bucket: "logs-${home_region}"}\n'
        "    parameter_overrides:\n"
        '      - {targets: all, parameters: {Level: "${env:LESS}"}}\n'
    )

    with pytest.raises(ManifestError) as caught:
        resolve(load_manifest(path, environ={"LEVEL": "9", "LESS": "2", "OTHER": "x"}))

    level, bucket = caught.value.problems
    assert (level.line, bucket.line) == (9, 9)
    assert "9 is too large. (from ${env:LEVEL})" in str(level)
    assert "`logs-us-east-1` does not match [a-z-]+. (from logs-${home_region})" in str(bucket)
