"""A dependency holds in each account, or comes first for everybody; never does one go missing."""

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest.schema import Targets
from orgrollout.model.ids import StackSetKey
from orgrollout.organization.dependencies import lives_elsewhere
from tests.organization.small import (
    ARCHIVE,
    LEDGER,
    MEMBERS,
    PLAY,
    SHOP,
    Load,
    resolve,
)

BUCKETS = StackSetKey("buckets")
ROLES = StackSetKey("roles")
RULES = StackSetKey("rules")


def test_the_small_baseline_orders_itself(load: Load) -> None:
    """Buckets live in one account and come first for all; roles are needed in every account."""
    loaded = load(f"""
        accounts: {{archive: "{ARCHIVE}"}}
        targets: all
        regions: [us-east-1, eu-west-1]
        stack_sets:
          rules: {{template: plain.yaml, depends_on: [roles, buckets]}}
          buckets: {{template: roles.yaml, targets: {{accounts: [archive]}}}}
          roles: {{template: defaults.yaml, regions: [home]}}
    """)
    desired = resolve(loaded).stack_sets

    assert list(desired) == [RULES, BUCKETS, ROLES]
    assert desired[RULES].depends_on == (ROLES,)
    assert desired[RULES].prerequisites == (BUCKETS,)
    assert desired[ROLES].depends_on == desired[ROLES].prerequisites == ()
    assert desired[RULES].accounts == desired[ROLES].accounts == MEMBERS


def test_a_dependency_that_misses_an_account_is_an_error_with_the_reason(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1]
        stack_sets:
          roles:
            template: roles.yaml
            targets: {include: all, exclude: [{accounts: ["200000000001"], reason: vendor}]}
          rules: {template: plain.yaml, depends_on: [roles]}
    """)
    with pytest.raises(ManifestError) as caught:
        resolve(loaded)

    (problem,) = caught.value.problems
    assert problem.field == "stack_sets.rules.depends_on"
    assert problem.message == (
        f"rules depends on roles, which is not desired in 1 of its accounts: {SHOP} "
        "(excluded: stack_sets.roles.targets.exclude[0]: vendor)."
    )
    assert problem.fix == (
        "Target roles there too, or exclude them from rules. If one for all is enough, name its "
        "accounts: stack_sets.roles.targets.accounts."
    )


def test_a_dependency_that_is_excluded_in_its_only_region_is_missed(load: Load) -> None:
    loaded = load("""
        targets:
          include: all
          exclude: [{accounts: ["200000000001"], regions: [us-east-1], reason: later}]
        regions: [us-east-1, eu-west-1]
        stack_sets:
          roles: {template: roles.yaml}
          rules: {template: plain.yaml, depends_on: [roles]}
    """)
    with pytest.raises(ManifestError, match=rf"{SHOP} \(excluded: targets.exclude\[0\]: later\)"):
        resolve(loaded)


def test_many_missing_accounts_are_counted_and_not_listed(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1]
        stack_sets:
          roles: {template: roles.yaml, targets: {organizational_units: [/Sandbox]}}
          rules: {template: plain.yaml, depends_on: [roles]}
    """)
    with pytest.raises(ManifestError, match=r"in 4 of its accounts: .*, .*, .* and 1 more\."):
        resolve(loaded)


def test_a_shared_account_that_is_suspended_is_missed_by_everybody(load: Load) -> None:
    loaded = load("""
        targets: all
        regions: [us-east-1]
        guards: {on_empty_targets: warn}
        stack_sets:
          buckets: {template: roles.yaml, targets: {accounts: ["200000000004"]}}
          rules: {template: plain.yaml, depends_on: [buckets]}
    """)
    with pytest.raises(ManifestError, match="depends on buckets, which is desired in no account"):
        resolve(loaded)


def test_named_accounts_that_cover_the_dependent_hold_per_account(load: Load) -> None:
    loaded = load(f"""
        accounts: {{archive: "{ARCHIVE}"}}
        regions: [us-east-1]
        stack_sets:
          buckets: {{template: roles.yaml, targets: {{accounts: [archive]}}}}
          rules: {{template: plain.yaml, targets: {{accounts: [archive]}}, depends_on: [buckets]}}
    """)
    rules = resolve(loaded).stack_sets[RULES]
    assert (rules.depends_on, rules.prerequisites) == ((BUCKETS,), ())


def test_stack_sets_with_the_same_template_stand_in_for_each_other(load: Load) -> None:
    """One part of the organization has its roles from another stack set than the rest."""
    loaded = load("""
        targets: {organizational_units: [/Workloads/Prod, /Sandbox]}
        regions: [us-east-1]
        stack_sets:
          roles: {template: roles.yaml, targets: {organizational_units: [/Workloads]}}
          sandbox-roles: {template: roles.yaml, targets: {organizational_units: [/Sandbox]}}
          rules: {template: plain.yaml, depends_on: [roles, sandbox-roles]}
    """)
    rules = resolve(loaded).stack_sets[RULES]

    assert rules.depends_on == (ROLES, StackSetKey("sandbox-roles"))
    assert rules.accounts == {SHOP, LEDGER, PLAY}


def test_a_stack_set_for_no_account_misses_nothing(load: Load) -> None:
    loaded = load("""
        targets: {organizational_units: [/Security]}
        regions: [us-east-1]
        guards: {on_empty_targets: ok}
        stack_sets:
          roles: {template: roles.yaml, targets: {organizational_units: [/Empty]}}
          rules:
            template: plain.yaml
            targets: {organizational_units: [/Empty]}
            depends_on: [roles]
    """)
    assert resolve(loaded).stack_sets[RULES].depends_on == (ROLES,)


@pytest.mark.parametrize(
    ("targets", "elsewhere"),
    [
        ({"include": [{"accounts": ["a"]}]}, True),
        ({"include": [{"accounts": ["a"], "regions": ["home"]}, {"accounts": ["b"]}]}, True),
        ({"include": [{"accounts": ["a"]}, {"organizational_units": ["/"]}]}, False),
        ({"include": [{"tags": {"a": ["b"]}}]}, False),
        ({"everyone": True, "include": [{"accounts": ["a"]}]}, False),
        ({}, False),
        (None, False),
    ],
)
def test_what_names_its_accounts_one_by_one_lives_elsewhere(
    targets: dict[str, object] | None, *, elsewhere: bool
) -> None:
    given = None if targets is None else Targets.model_validate(targets)
    assert lives_elsewhere(given) is elsewhere
