"""Regions by name, group or `home`; narrowed by blocks, by the template and by what is enabled."""

from dataclasses import replace

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair, Region
from orgrollout.organization.needs import uses_enabled_regions
from tests.organization.small import (
    ARCHIVE,
    HOME,
    IRELAND,
    LEDGER,
    MEMBERS,
    ONLY,
    SHOP,
    TOKYO,
    TRIAL,
    Load,
    only,
    organization,
    pairs,
    resolve,
    targeting,
)


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        ("[eu-west-1, us-east-1]", (IRELAND, HOME)),
        ("[home]", (HOME,)),
        ("[pacific]", (TOKYO, HOME)),
        ("[us-east-1, pacific, eu-west-1, home]", (HOME, TOKYO, IRELAND)),
    ],
)
def test_regions_are_names_groups_or_home_each_once_in_the_order_written(
    load: Load, regions: str, expected: tuple[Region, ...]
) -> None:
    groups = "region_groups: {pacific: [ap-northeast-1, home]}\n"
    desired = only(load(targeting("all", regions, groups)))

    assert desired.regions == expected
    assert desired.pairs.keys() == pairs(MEMBERS, *expected)


def test_a_block_narrows_the_regions_and_blocks_add_up(load: Load) -> None:
    targets = """
      {include: [{organizational_units: [/Workloads/Prod], regions: [us-east-1]},
                 {accounts: [archive], regions: [us-east-1]},
                 {accounts: [archive], regions: [eu-west-1]}]}
    """
    desired = only(load(targeting(targets, "[us-east-1, eu-west-1]")))

    assert desired.pairs.keys() == pairs([SHOP, LEDGER], HOME) | pairs([ARCHIVE], HOME, IRELAND)
    why = desired.left_out_pairs[Pair(SHOP, IRELAND)]
    assert why.state == "out_of_scope"
    assert why.reason == "the blocks that select the account name other Regions"


def test_once_per_account_means_home_whatever_the_shared_blocks_say(load: Load) -> None:
    """The roles that a Regional stack set needs must not vanish where home is not targeted."""
    loaded = load("""
        targets: {include: [{organizational_units: [/Workloads], regions: [eu-west-1]}]}
        regions: [eu-west-1]
        stack_sets:
          roles: {template: roles.yaml}
          only: {template: plain.yaml, depends_on: [roles]}
    """)
    roles, regional = resolve(loaded).stack_sets.values()

    assert roles.pairs.keys() == pairs([SHOP, LEDGER, TRIAL], HOME)
    assert regional.pairs.keys() == pairs([SHOP, LEDGER, TRIAL], IRELAND)


def test_once_per_account_goes_where_the_stack_set_says(load: Load) -> None:
    loaded = load("""
        targets: {organizational_units: [/Security]}
        regions: [us-east-1]
        stack_sets: {only: {template: roles.yaml, regions: [eu-west-1]}}
    """)
    assert only(loaded).pairs.keys() == pairs([ARCHIVE], IRELAND)


def test_a_block_of_its_own_cannot_send_it_to_a_region_it_does_not_go_to(load: Load) -> None:
    loaded = load("""
        regions: [eu-west-1]
        stack_sets:
          only:
            template: roles.yaml
            targets: {organizational_units: [/Security], regions: [eu-west-1]}
    """)
    with pytest.raises(ManifestError) as caught:
        resolve(loaded)

    (problem,) = caught.value.problems
    assert problem.field == "stack_sets.only.targets.regions[0]"
    assert problem.message == ("eu-west-1 is not among the Regions of the stack set: us-east-1.")


def test_a_group_in_a_block_of_its_own_is_narrowed(load: Load) -> None:
    loaded = load("""
        region_groups: {both: [us-east-1, eu-west-1]}
        regions: [both]
        stack_sets:
          only:
            template: roles.yaml
            targets: {organizational_units: [/Security], regions: [both]}
    """)
    assert only(loaded).pairs.keys() == pairs([ARCHIVE], HOME)


def test_regions_a_template_cannot_go_to_are_skipped_with_its_reason(load: Load) -> None:
    loaded = load("""
        targets: {organizational_units: [/Security]}
        regions: [us-east-1, ap-northeast-1]
        stack_sets: {only: {template: gaps.yaml}}
    """)
    desired = only(loaded)
    why = desired.left_out_pairs[Pair(ARCHIVE, TOKYO)]

    assert desired.pairs.keys() == pairs([ARCHIVE], HOME)
    assert (why.state, why.reason) == ("skipped", "no such type there")
    assert desired.notes == (
        "costs: 1 rule in 1 account and 1 Region",
        "leaves behind: the logs",
        "left out in ap-northeast-1: no such type there",
    )


def test_a_region_that_the_stack_set_lists_itself_wins_over_its_template(load: Load) -> None:
    loaded = load("""
        targets: {organizational_units: [/Security]}
        regions: [us-east-1]
        stack_sets: {only: {template: gaps.yaml, regions: [ap-northeast-1]}}
    """)
    desired = only(loaded)

    assert desired.pairs.keys() == pairs([ARCHIVE], TOKYO)
    assert not any("left out" in note for note in desired.notes)


def test_a_region_the_account_has_not_enabled_is_skipped(load: Load) -> None:
    here = replace(organization(), enabled_regions={SHOP: frozenset({HOME})})
    loaded = load(targeting("{organizational_units: [Workloads]}", "[us-east-1, eu-west-1]"))
    desired = only(loaded, here)
    why = desired.left_out_pairs[Pair(SHOP, IRELAND)]

    assert desired.pairs.keys() == pairs([SHOP], HOME) | pairs([LEDGER, TRIAL], HOME, IRELAND)
    assert (why.state, why.reason) == ("skipped", "the account has not enabled the Region")


def test_enabled_means_what_each_account_has_enabled_and_never_a_guess(load: Load) -> None:
    loaded = _with_regions(load(targeting("{organizational_units: [Workloads]}")), "enabled")
    enabled = {SHOP: frozenset({HOME, TOKYO}), LEDGER: frozenset({HOME})}
    desired = only(loaded, replace(organization(), enabled_regions=enabled))

    assert uses_enabled_regions(loaded.manifest)
    assert desired.pairs.keys() == pairs([SHOP], HOME, TOKYO) | pairs([LEDGER], HOME)
    unknown = desired.left_out_pairs[Pair(TRIAL, HOME)]
    assert unknown.reason == "which Regions the account has enabled was not read"


def test_enabled_adds_to_regions_that_are_named(load: Load) -> None:
    loaded = _with_regions(load(targeting("{accounts: [archive]}")), "eu-west-1", "enabled")
    here = replace(organization(), enabled_regions={SHOP: frozenset({TOKYO})})
    assert only(loaded, here).pairs.keys() == pairs([ARCHIVE], IRELAND)


def test_enabled_is_an_error_where_nothing_was_read(load: Load) -> None:
    loaded = _with_regions(load(targeting("all")), "enabled")
    with pytest.raises(ManifestError, match="which Regions the accounts have enabled"):
        resolve(loaded)


def _with_regions(loaded: LoadedManifest, *regions: str) -> LoadedManifest:
    stack_set = loaded.manifest.stack_sets[ONLY].model_copy(update={"regions": regions})
    manifest = loaded.manifest.model_copy(update={"stack_sets": {ONLY: stack_set}})
    return replace(loaded, manifest=manifest)
