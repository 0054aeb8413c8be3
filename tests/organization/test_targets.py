"""Who is selected: blocks add up, a block needs all it says, and everyone else has a reason."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from orgrollout.model.ids import AccountId, Pair
from orgrollout.organization.snapshot import AccountState
from tests.organization.small import (
    ARCHIVE,
    CLOSED,
    HOME,
    IRELAND,
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
    with_account,
)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("all", MEMBERS),
        ("{organizational_units: [/]}", MEMBERS),
        ("{organizational_units: [ou-root-security]}", {ARCHIVE}),
        ("{organizational_units: [Test, Security]}", {TRIAL, ARCHIVE}),
        ("{accounts: [archive]}", {ARCHIVE}),
        ('{accounts: ["200000000001"]}', {SHOP}),
        ("{tags: {baseline: [core, strict]}}", {ARCHIVE, SHOP, LEDGER, TRIAL}),
        ("{tags: {baseline: core, owner: finance}, match: any}", {SHOP, TRIAL, LEDGER}),
        ("{tags: {baseline: core, owner: shop}}", {SHOP, TRIAL}),
        ("{tags: {baseline: strict}, organizational_units: [/Workloads]}", {LEDGER}),
        ("{include: [{accounts: [archive]}, {organizational_units: [Sandbox]}]}", {ARCHIVE, PLAY}),
    ],
)
def test_a_block_selects_what_meets_all_its_conditions(
    load: Load, targets: str, expected: Iterable[AccountId]
) -> None:
    assert only(load(targeting(targets))).pairs.keys() == pairs(expected, HOME)


def test_a_tag_matches_its_value_and_nothing_like_it(load: Load) -> None:
    here = with_account(organization(), SHOP, tags={"baseline": "Core", "Baseline": "core"})
    desired = only(load(targeting("{tags: {baseline: core}}")), here)
    assert desired.pairs.keys() == pairs([TRIAL], HOME)


def test_targets_are_inherited_by_stack_sets_that_name_none(load: Load) -> None:
    loaded = load("""
        target_groups: {work: {organizational_units: [/Workloads]}}
        targets: work
        regions: [us-east-1]
        stack_sets:
          only: {template: plain.yaml}
          other: {template: plain.yaml, targets: {organizational_units: [/Sandbox]}}
    """)
    inherited, own = resolve(loaded).stack_sets.values()

    assert inherited.pairs.keys() == pairs([SHOP, LEDGER, TRIAL], HOME)
    assert inherited.rules[SHOP] == "target_groups.work"
    assert own.pairs.keys() == pairs([PLAY], HOME)
    assert own.rules[PLAY] == "stack_sets.other.targets"


def test_an_exclusion_wins_and_says_why(load: Load) -> None:
    targets = """
      {include: [{organizational_units: [/Workloads]}, {accounts: ["200000000001"]}],
       exclude: [{accounts: ["200000000001"], reason: vendor, until: 2026-07-01},
                 {organizational_units: [/Workloads/Prod/Regulated], reason: blocked by SCP}]}
    """
    desired = only(load(targeting(targets)))

    assert desired.pairs.keys() == pairs([TRIAL], HOME)
    why = reasons(desired)
    where = "stack_sets.only.targets.exclude"
    assert why[SHOP] == f"excluded: {where}[0]: vendor (until 2026-07-01)"
    assert why[LEDGER] == f"excluded: {where}[1]: blocked by SCP"


def test_an_exclusion_holds_on_its_last_day_and_is_reported_after_it(load: Load) -> None:
    """An exception that was accepted until a day is reported once the day is over."""
    targets = "{include: all, exclude: [{accounts: [archive], reason: vendor, until: %s}]}"
    last_day = resolve(load(targeting(targets % "2026-07-01")))
    over = resolve(load(targeting(targets % "2026-06-30")))

    assert ARCHIVE not in last_day.stack_sets[ONLY].accounts
    assert last_day.warnings == (
        'stack_sets.only.targets.exclude[0]: the exclusion "vendor" ends in 1 day, on 2026-07-01.',
    )
    assert ARCHIVE in over.stack_sets[ONLY].accounts
    assert over.warnings == (
        'stack_sets.only.targets.exclude[0]: the exclusion "vendor" ended on 2026-06-30: '
        "it no longer leaves anything out.",
    )


def test_an_exclusion_with_regions_leaves_out_those_pairs_only(load: Load) -> None:
    targets = """
      {include: all, exclude: [{accounts: [archive], regions: [eu-west-1], reason: later}]}
    """
    desired = only(load(targeting(targets, "[us-east-1, eu-west-1]")))

    assert desired.pairs.keys() == pairs(MEMBERS, HOME, IRELAND) - pairs([ARCHIVE], IRELAND)
    why = desired.left_out_pairs[Pair(ARCHIVE, IRELAND)]
    assert (why.state, why.reason) == ("excluded", "stack_sets.only.targets.exclude[0]: later")


def test_an_exclusion_of_a_region_alone_holds_for_everyone(load: Load) -> None:
    targets = "{include: all, exclude: [{regions: [eu-west-1], reason: not yet}]}"
    desired = only(load(targeting(targets, "[us-east-1, eu-west-1]")))
    assert desired.pairs.keys() == pairs(MEMBERS, HOME)


@pytest.mark.parametrize("state", [s for s in AccountState if s is not AccountState.ACTIVE])
def test_an_account_that_is_not_active_is_skipped(load: Load, state: AccountState) -> None:
    here = with_account(organization(), SHOP, state=state)
    desired = only(load(targeting("{organizational_units: [/Workloads]}")), here)

    assert SHOP not in desired.accounts
    assert reasons(desired)[SHOP] == f"skipped: account is {state}"


def test_an_account_that_nothing_selects_is_out_of_scope_even_if_suspended(load: Load) -> None:
    why = reasons(only(load(targeting("{accounts: [archive]}"))))
    assert why[SHOP] == why[CLOSED] == "out_of_scope: no target selects it"


@pytest.mark.parametrize(
    "targets", ["all", "{organizational_units: [/]}", '{accounts: ["999999999999", archive]}']
)
def test_a_service_managed_stack_set_never_reaches_the_management_account(
    load: Load, targets: str
) -> None:
    desired = only(load(targeting(targets)))

    assert MANAGEMENT not in desired.accounts
    assert reasons(desired)[MANAGEMENT] == (
        "out_of_scope: management account: service-managed stack sets never deploy to it"
    )


def test_naming_the_management_account_in_vain_is_a_warning(load: Load) -> None:
    warnings = resolve(load(targeting('{accounts: ["999999999999", archive]}'))).warnings
    assert warnings == (
        "stack_sets.only.targets: only does not reach the management account: service-managed "
        "stack sets never do. A stack set with `permission_model: self_managed` does.",
    )


@pytest.mark.parametrize(
    ("targets", "reached"),
    [
        ("all", False),
        ("{organizational_units: [/]}", False),
        ('{accounts: ["999999999999"]}', True),
        ('{include: [{organizational_units: [/]}, {accounts: ["999999999999"]}]}', True),
        (
            '{include: [{organizational_units: [/]}, {accounts: ["999999999999", archive], '
            "tags: {baseline: strict}}]}",
            False,
        ),
    ],
)
def test_a_self_managed_stack_set_reaches_the_management_account_by_name_only(
    load: Load, targets: str, *, reached: bool
) -> None:
    """Writing `all` never deploys to the most powerful account."""
    loaded = load(f"""
        accounts: {{archive: "{ARCHIVE}"}}
        stack_sets:
          only:
            template: plain.yaml
            permission_model: self_managed
            regions: [us-east-1]
            targets: {targets}
    """)
    desired = only(loaded)

    assert (MANAGEMENT in desired.accounts) is reached
    if not reached:
        assert "reached only where `accounts` names it" in reasons(desired)[MANAGEMENT]


def test_other_blocks_give_a_named_management_account_no_more_regions(load: Load) -> None:
    loaded = load("""
        stack_sets:
          only:
            template: plain.yaml
            permission_model: self_managed
            regions: [us-east-1, eu-west-1]
            targets:
              include:
                - {organizational_units: [/]}
                - {accounts: ["999999999999"], regions: [us-east-1]}
    """)
    desired = only(loaded)
    assert {p.region for p in desired.pairs if p.account == MANAGEMENT} == {HOME}


def test_tags_that_were_not_read_are_an_error_and_not_the_absence_of_tags(load: Load) -> None:
    """An exclusion by tag must not fail open."""
    here = with_account(organization(), SHOP, tags=None)
    loaded = load(targeting("{include: all, exclude: [{tags: {x: y}, reason: later}]}"))
    with pytest.raises(Exception, match=r"tags of 1 account were not read, e.g. of 2000000000"):
        resolve(loaded, here)


def test_stack_sets_share_their_pairs(load: Load) -> None:
    """Four stack sets in ten thousand accounts must not mean four times the memory."""
    loaded = load("""
        targets: all
        regions: [us-east-1]
        stack_sets: {only: {template: plain.yaml}, other: {template: plain.yaml}}
    """)
    first, second = resolve(loaded).stack_sets.values()
    assert all(a is b for a, b in zip(first.pairs, second.pairs, strict=True))


def test_every_account_and_region_has_one_answer(load: Load) -> None:
    targets = """
      {include: [{organizational_units: [/Workloads]}, {accounts: [archive], regions: [us-east-1]}],
       exclude: [{accounts: ["200000000001"], regions: [us-east-1], reason: later}]}
    """
    here = replace(organization(), enabled_regions={TRIAL: frozenset({HOME})})
    desired = only(load(targeting(targets, "[us-east-1, eu-west-1]")), here)
    in_accounts = pairs(desired.left_out, *desired.regions)
    everything = [*desired.pairs, *desired.left_out_pairs, *in_accounts]

    assert len(everything) == len(set(everything))
    assert set(everything) == pairs(here.accounts, HOME, IRELAND)
