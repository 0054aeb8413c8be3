"""The first line of a plan: every account is counted once."""

from dataclasses import astuple

from orgrollout.organization.needs import selects_by_tag, uses_enabled_regions
from orgrollout.organization.snapshot import AccountState
from tests.organization.small import (
    MANAGEMENT,
    PLAY,
    Load,
    organization,
    resolve,
    targeting,
    with_account,
)


def test_every_account_is_counted_once(load: Load) -> None:
    targets = """
      {include: [{organizational_units: [/Workloads]}],
       exclude: [{accounts: ["200000000001", "200000000004"], reason: vendor}]}
    """
    here = with_account(organization(), PLAY, state=AccountState.CLOSED)
    counts = resolve(load(targeting(targets)), here).accounts

    assert counts.total == 7
    assert (counts.targeted, counts.excluded, counts.management, counts.not_targeted) == (
        2,
        1,
        1,
        1,
    )
    assert counts.not_active == {AccountState.SUSPENDED: 1, AccountState.CLOSED: 1}


def test_an_account_that_any_stack_set_reaches_is_targeted(load: Load) -> None:
    loaded = load(f"""
        targets: {{include: all, exclude: [{{accounts: ["{PLAY}"], reason: vendor}}]}}
        regions: [us-east-1]
        stack_sets:
          only: {{template: plain.yaml}}
          other: {{template: plain.yaml, targets: {{accounts: ["{PLAY}"]}}}}
          own:
            template: plain.yaml
            permission_model: self_managed
            targets: {{accounts: ["{MANAGEMENT}"]}}
          gone: {{state: absent}}
    """)
    counts = resolve(loaded).accounts
    assert astuple(counts) == (7, 6, 0, {AccountState.SUSPENDED: 1}, 0, 0, 0)


def test_tags_are_read_only_where_something_selects_by_them(load: Load) -> None:
    """One call per account: ten thousand calls that most manifests do not need."""
    without = load(targeting("all"))
    in_targets = load(targeting("{include: all, exclude: [{tags: {a: b}, reason: vendor}]}"))
    in_waves = load(targeting("all", more="rollout: {waves: [{name: one, tags: {a: b}}]}\n"))
    in_overrides = load("""
        targets: all
        regions: [home]
        stack_sets:
          only:
            template: plain.yaml
            parameter_overrides: [{targets: {tags: {a: b}}, parameters: {Mode: light}}]
    """)
    needed = [selects_by_tag(m.manifest) for m in (without, in_targets, in_waves, in_overrides)]

    assert needed == [False, True, True, True]
    assert not uses_enabled_regions(without.manifest)
