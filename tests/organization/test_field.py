"""What people who do this with other tools complain about; the numbers are those of their list."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from orgrollout.errors import ManifestError
from orgrollout.model.ids import AccountId, Digest, Pair
from tests.organization.small import (
    ARCHIVE,
    CLOSED,
    HOME,
    LEDGER,
    MANAGEMENT,
    MEMBERS,
    ONLY,
    PLAY,
    SHOP,
    TRIAL,
    Load,
    only,
    organization,
    pairs,
    reasons,
    resolve,
    targeting,
    unit,
    with_account,
)


def test_field_01_a_parent_unit_reaches_nested_accounts(load: Load) -> None:
    desired = resolve(load(targeting("{organizational_units: [/Workloads]}")))

    assert desired.stack_sets[ONLY].accounts == {SHOP, LEDGER, TRIAL}
    assert desired.accounts.targeted == 3


@pytest.mark.parametrize(
    "condition",
    [f'accounts: ["{LEDGER}"]', "organizational_units: [Regulated]", "tags: {owner: finance}"],
)
def test_field_02_accounts_and_units_can_be_excluded_and_exclusion_wins(
    load: Load, condition: str
) -> None:
    targets = f"""
      {{include: [{{accounts: ["{LEDGER}"]}}, {{organizational_units: [/]}}],
       exclude: [{{{condition}, reason: vendor}}]}}
    """
    assert only(load(targeting(targets))).accounts == MEMBERS - {LEDGER}


@pytest.mark.parametrize("guards", ["error", "warn", "ok"])
def test_field_03_a_wrong_target_never_becomes_the_callers_account(load: Load, guards: str) -> None:
    """The caller is the management account, or an administrator such as the archive here."""
    more = f"guards: {{on_missing_target: {guards}, on_empty_targets: ok}}\n"
    loaded = load(targeting('{accounts: ["300000000001"]}', more=more))
    if guards == "error":
        with pytest.raises(ManifestError, match="300000000001 is not in organization"):
            resolve(loaded)
    else:
        assert only(loaded).pairs == {}


def test_field_03_targets_that_are_left_out_are_an_error(load: Load) -> None:
    with pytest.raises(ManifestError, match="targets"):
        load("stack_sets: {only: {template: plain.yaml, regions: [us-east-1]}}")


def test_field_04_taking_back_one_exclusion_changes_that_account_alone(load: Load) -> None:
    def wanted(*excluded: AccountId) -> Mapping[Pair, Digest]:
        blocks = ", ".join(f'{{accounts: ["{a}"], reason: vendor}}' for a in excluded)
        return only(load(targeting(f"{{include: all, exclude: [{blocks}]}}"))).pairs

    before, after = wanted(SHOP, PLAY), wanted(PLAY)

    assert after.items() - before.items() == {(Pair(SHOP, HOME), after[Pair(SHOP, HOME)])}
    assert not before.items() - after.items()


def test_field_06_units_and_accounts_in_one_block_are_an_intersection(load: Load) -> None:
    targets = f'{{organizational_units: [/Workloads], accounts: ["{SHOP}", archive]}}'
    assert only(load(targeting(targets))).accounts == {SHOP}


def test_field_09_a_unit_name_that_exists_twice_is_an_error_with_both_ids(load: Load) -> None:
    with pytest.raises(ManifestError, match=r"ou-root-prod .*, ou-root-sandboxprod"):
        resolve(load(targeting("{organizational_units: [Prod]}")))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("{tags: {baseline: [core, strict]}}", {ARCHIVE, SHOP, LEDGER, TRIAL}),
        ("{tags: {baseline: core, owner: finance}, match: any}", {SHOP, TRIAL, LEDGER}),
        ("{tags: {baseline: strict, owner: finance}, match: all}", {LEDGER}),
        ("{tags: {owner: shop}, organizational_units: [/Workloads/Prod]}", {SHOP}),
    ],
)
def test_field_10_tag_lists_match_any_or_all_and_combine_with_units(
    load: Load, block: str, expected: Iterable[AccountId]
) -> None:
    assert only(load(targeting(block))).accounts == set(expected)


@pytest.mark.parametrize(("policy", "warnings"), [("warn", 1), ("ok", 0)])
def test_field_11_an_empty_unit_fails_only_if_it_should(
    load: Load, policy: str, warnings: int
) -> None:
    empty = "{organizational_units: [/Empty]}"
    with pytest.raises(ManifestError, match="leave no account to deploy to"):
        resolve(load(targeting(empty)))

    allowed = resolve(load(targeting(empty, more=f"guards: {{on_empty_targets: {policy}}}\n")))

    assert allowed.stack_sets[ONLY].pairs == {}
    assert len(allowed.warnings) == warnings


def test_field_11_an_empty_unit_beside_others_is_no_problem(load: Load) -> None:
    desired = resolve(load(targeting("{organizational_units: [/Empty, /Sandbox]}")))
    assert desired.stack_sets[ONLY].accounts == {PLAY}
    assert desired.warnings == ()


def test_field_12_a_missing_unit_is_an_error_unless_the_manifest_says_otherwise(
    load: Load,
) -> None:
    targets = "{organizational_units: [/Gone, /Sandbox]}"
    with pytest.raises(ManifestError, match="no organizational unit `/Gone`"):
        resolve(load(targeting(targets)))

    warned = resolve(load(targeting(targets, more="guards: {on_missing_target: warn}\n")))

    assert warned.stack_sets[ONLY].accounts == {PLAY}
    assert warned.warnings == (
        "stack_sets.only.targets.organizational_units[0]: there is no organizational unit "
        "`/Gone` in organization o-a1b2c3d4e5.",
    )


def test_field_13_the_management_account_is_reported_and_a_self_managed_set_reaches_it(
    load: Load,
) -> None:
    loaded = load(f"""
        targets: all
        regions: [us-east-1]
        stack_sets:
          only: {{template: plain.yaml}}
          own:
            template: plain.yaml
            permission_model: self_managed
            targets: {{accounts: ["{MANAGEMENT}"]}}
    """)
    members, own = resolve(loaded).stack_sets.values()

    assert members.accounts == MEMBERS
    assert "never deploy to it" in reasons(members)[MANAGEMENT]
    assert own.pairs.keys() == pairs([MANAGEMENT], HOME)


@pytest.mark.parametrize(
    "targets",
    ["all", "{organizational_units: [/Workloads/Test]}", f'{{accounts: ["{CLOSED}", "{TRIAL}"]}}'],
)
def test_field_14_however_an_account_is_selected_the_same_is_filtered(
    load: Load, targets: str
) -> None:
    desired = only(load(targeting(targets)))

    assert TRIAL in desired.accounts
    assert CLOSED not in desired.accounts
    assert reasons(desired)[CLOSED] == "skipped: account is SUSPENDED"


def test_field_39_moving_between_targeted_units_changes_nothing(load: Load) -> None:
    loaded = load(targeting("{organizational_units: [/Workloads, /Sandbox]}"))
    moved = with_account(organization(), SHOP, parent=unit("/Sandbox"))
    assert only(loaded, moved).pairs == only(loaded).pairs


def test_field_39_renaming_a_unit_changes_nothing_where_its_id_is_written(load: Load) -> None:
    here = organization()
    old = here.units[unit("/Sandbox")]
    renamed = replace(here, units={**here.units, old.id: replace(old, name="Lab", path="/Lab")})
    loaded = load(targeting("{organizational_units: [ou-root-sandbox]}"))
    assert only(loaded, renamed).pairs == only(loaded).pairs
