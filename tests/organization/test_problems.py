"""What the organization does not have, or has twice, is said with its place, all at once."""

from dataclasses import replace

import pytest

from orgrollout.errors import ManifestError, Problem
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Targets
from orgrollout.organization.snapshot import Organization
from tests.organization.small import (
    HOME,
    MANAGEMENT,
    ONLY,
    SHOP,
    Load,
    only,
    organization,
    pairs,
    resolve,
    targeting,
)

STRANGER = "300000000001"


def problems(loaded: LoadedManifest, here: Organization | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ManifestError) as caught:
        resolve(loaded, here)
    return caught.value.problems


def test_another_organization_is_refused_before_anything_else(load: Load) -> None:
    """In another organization every name is unknown, and one reason for that is enough."""
    loaded = load(targeting("{organizational_units: [/Nowhere]}"))
    (problem,) = problems(loaded, replace(organization(), id="o-zzzzzzzzzz"))

    assert (problem.field, problem.line) == ("organization", 3)
    assert problem.message == "the manifest is for o-a1b2c3d4e5, and this is o-zzzzzzzzzz."


def test_an_unknown_unit_is_an_error_with_its_place_and_the_nearest_name(load: Load) -> None:
    (problem,) = problems(load(targeting("{organizational_units: [Security, /workloads/Prod]}")))

    assert problem.field == "stack_sets.only.targets.organizational_units[1]"
    assert (problem.line, problem.column) == (6, 75)
    assert problem.message == (
        "there is no organizational unit `/workloads/Prod` in organization o-a1b2c3d4e5."
    )
    assert problem.fix == "Did you mean `/Workloads/Prod`?"


def test_a_unit_like_no_other_is_an_error_that_says_how_to_write_one(load: Load) -> None:
    (problem,) = problems(load(targeting("{organizational_units: [xyzzy]}")))
    assert problem.fix == "Write its path such as /Workloads/Prod, its id or its name."


def test_an_account_of_another_organization_is_an_error(load: Load) -> None:
    head = f'accounts: {{theirs: "{STRANGER}"}}\n'
    loaded = load(f"""
        {head}
        stack_sets:
          only:
            template: plain.yaml
            regions: [us-east-1]
            targets: {{accounts: [theirs, "300000000002"]}}
    """)
    assert [p.message for p in problems(loaded)] == [
        f"account {STRANGER} (theirs) is not in organization o-a1b2c3d4e5.",
        "account 300000000002 is not in organization o-a1b2c3d4e5.",
    ]


@pytest.mark.parametrize(("policy", "warnings"), [("warn", 2), ("ok", 0)])
def test_missing_targets_can_be_a_warning_or_nothing(
    load: Load, policy: str, warnings: int
) -> None:
    guards = f"guards: {{on_missing_target: {policy}}}\n"
    targets = (
        f'{{include: [{{organizational_units: [/Gone]}}, {{accounts: ["{STRANGER}"]}}, '
        f'{{accounts: ["{SHOP}"]}}]}}'
    )
    desired = resolve(load(targeting(targets, more=guards)))

    assert desired.stack_sets[ONLY].pairs.keys() == pairs([SHOP], HOME)
    assert len(desired.warnings) == warnings


@pytest.mark.parametrize("policy", ["error", "warn", "ok"])
def test_an_ambiguous_name_is_an_error_whatever_the_guards_say(load: Load, policy: str) -> None:
    guards = f"guards: {{on_missing_target: {policy}}}\n"
    (problem,) = problems(load(targeting("{organizational_units: [Prod]}", more=guards)))

    assert problem.message == (
        "`Prod` is the name of 2 organizational units: ou-root-prod (/Workloads/Prod), "
        "ou-root-sandboxprod (/Sandbox/Prod)."
    )
    assert problem.fix == "Write the path or the id of the one that is meant."


def test_everything_wrong_is_told_at_once_and_once(load: Load) -> None:
    """Shared targets are wrong once, however many stack sets inherit them."""
    loaded = load(f"""
        target_groups:
          shared:
            include: [{{organizational_units: [/Gone]}}]
            exclude: [{{accounts: ["{STRANGER}"], reason: vendor}}]
        targets: shared
        regions: [us-east-1]
        stack_sets:
          one: {{template: plain.yaml}}
          two: {{template: plain.yaml}}
          three: {{template: plain.yaml, targets: {{organizational_units: [Prod]}}}}
          four:
            template: plain.yaml
            parameter_overrides:
              - {{targets: {{organizational_units: [Tset]}}, parameters: {{Mode: x}}}}
        rollout:
          waves: [{{name: first, organizational_units: [/Lost]}}]
    """)
    assert [p.field for p in problems(loaded)] == [
        "target_groups.shared.include[0].organizational_units[0]",
        "target_groups.shared.exclude[0].accounts[0]",
        "stack_sets.three.targets.organizational_units[0]",
        "stack_sets.four.parameter_overrides[0].targets.organizational_units[0]",
        "rollout.waves[0].organizational_units[0]",
    ]


def test_targets_that_leave_no_account_are_an_error_that_counts_why(load: Load) -> None:
    targets = """
      {include: [{organizational_units: [/Workloads/Test]}],
       exclude: [{accounts: ["200000000003"], reason: vendor}]}
    """
    (problem,) = problems(load(targeting(targets)))

    assert problem.field == "stack_sets.only"
    assert problem.message == (
        "its targets leave no account to deploy to (1 excluded, 5 out of scope, 1 skipped)."
    )


def test_an_exclusion_of_the_only_region_is_counted_as_one(load: Load) -> None:
    targets = """
      {include: [{organizational_units: [/Workloads/Test]}],
       exclude: [{organizational_units: [/Workloads/Test], regions: [us-east-1], reason: vendor}]}
    """
    (problem,) = problems(load(targeting(targets)))

    assert "(1 excluded, 5 out of scope, 1 skipped)." in problem.message


def test_the_management_account_alone_is_an_error_that_says_what_reaches_it(load: Load) -> None:
    (problem,) = problems(load(targeting(f'{{accounts: ["{MANAGEMENT}"]}}')))

    assert problem.message.endswith(
        "only does not reach the management account: service-managed stack sets never do. "
        "A stack set with `permission_model: self_managed` does."
    )


def test_no_targets_are_never_taken_for_all_accounts(load: Load) -> None:
    """No targets means no account, not all and not the caller's, whatever was checked before."""
    loaded = load(targeting("all"))
    for targets in (None, Targets(), Targets.model_validate({"include": [{}]})):
        stack_set = loaded.manifest.stack_sets[ONLY].model_copy(update={"targets": targets})
        changed = loaded.manifest.model_copy(update={"stack_sets": {ONLY: stack_set}})
        (problem,) = problems(replace(loaded, manifest=changed))
        assert "no account to deploy to" in problem.message


def test_an_override_for_no_account_is_a_warning(load: Load) -> None:
    loaded = load("""
        stack_sets:
          only:
            template: plain.yaml
            regions: [us-east-1]
            targets: {organizational_units: [/Security]}
            parameter_overrides:
              - {targets: {organizational_units: [/Workloads]}, parameters: {Mode: light}}
    """)
    assert resolve(loaded).warnings == (
        "stack_sets.only.parameter_overrides[0]: the override applies to no stack instance.",
    )
    assert list(only(loaded).parameter_sets.values()) == [{}]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\p{Alpha}+", "the pattern is one of Java's"),
        ("(a+)+$", "the pattern may take for ever on a value of that length"),
    ],
)
def test_a_pattern_that_cannot_be_tried_is_a_warning(load: Load, pattern: str, why: str) -> None:
    value = f"{'a' * 40}!"
    loaded = load(targeting("all", more=""))
    template = loaded.templates[ONLY]
    mode = replace(template.parameters["Mode"], allowed_pattern=pattern)
    judged = replace(template, parameters={**template.parameters, "Mode": mode})
    stack_set = loaded.manifest.stack_sets[ONLY].model_copy(update={"parameters": {"Mode": value}})
    manifest = loaded.manifest.model_copy(update={"stack_sets": {ONLY: stack_set}})

    found = resolve(replace(loaded, manifest=manifest, templates={ONLY: judged}))

    assert found.warnings == (
        "stack_sets.only.parameters.Mode: whether the value matches the template's "
        f"AllowedPattern is not checked here: {why}. CloudFormation judges.",
    )
