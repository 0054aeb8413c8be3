"""What a dependency between two stack sets means: account by account, or once before everything.

Roles are a dependency of the same account: where they are missing, what needs them fails. A bucket
in the log archive is a dependency of everyone else's. The manifest tells them apart by how it
targets them:

- A dependency that reaches every account of its dependent holds **per account**.
- One that does not, and whose targets name accounts one by one, is a **prerequisite**: it lives in
  accounts of its own and comes first, for everybody.
- Any other was meant per account and misses some, which is an error.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Targets
from orgrollout.manifest.text.document import FieldPath
from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.findings import Findings

_SHOWN = 3  # accounts in a message


class DependencyKind(Enum):
    """Where a dependency has to be before its dependent may start."""

    PER_ACCOUNT = auto()
    PREREQUISITE = auto()


def lives_elsewhere(targets: Targets | None) -> bool:
    """Return whether targets name their accounts one by one, as those of a shared service do."""
    if targets is None or targets.everyone:
        return False
    return bool(targets.include) and all(block.accounts is not None for block in targets.include)


def classify(
    dependent: frozenset[AccountId], dependency: frozenset[AccountId], *, elsewhere: bool
) -> DependencyKind:
    """Return what the dependency is to the dependent, from the accounts that each reaches.

    ``elsewhere`` is what `lives_elsewhere` says of the dependency's targets.
    """
    if elsewhere and not dependent <= dependency:
        return DependencyKind.PREREQUISITE
    return DependencyKind.PER_ACCOUNT


def with_dependencies(
    stack_sets: Mapping[StackSetKey, DesiredStackSet], loaded: LoadedManifest, findings: Findings
) -> dict[StackSetKey, DesiredStackSet]:
    """Return the stack sets with their dependencies filled in; report those that cannot hold."""
    reached = {key: desired.accounts for key, desired in stack_sets.items()}
    done: dict[StackSetKey, DesiredStackSet] = {}
    for key, desired in stack_sets.items():
        kinds: dict[StackSetKey, DependencyKind] = {}
        for group in _stand_ins(loaded, key):
            accounts = frozenset[AccountId]().union(*(reached[other] for other in group))
            elsewhere = all(lives_elsewhere(_targets(loaded, other)) for other in group)
            kind = classify(reached[key], accounts, elsewhere=elsewhere)
            kinds |= dict.fromkeys(group, kind)
            missing = reached[key] - accounts
            if missing and (kind is DependencyKind.PER_ACCOUNT or not accounts):
                _report(desired, [stack_sets[other] for other in group], missing, findings)
        done[key] = replace(
            desired,
            depends_on=_of_kind(kinds, DependencyKind.PER_ACCOUNT),
            prerequisites=_of_kind(kinds, DependencyKind.PREREQUISITE),
        )
    return done


def _stand_ins(loaded: LoadedManifest, key: StackSetKey) -> list[list[StackSetKey]]:
    """Return the dependencies of a stack set, those with the same template together.

    Where one part of the organization has another stack set for the same template, either will do.
    """
    groups: dict[str, list[StackSetKey]] = defaultdict(list)
    for other in loaded.depends_on(key):
        template = loaded.templates.get(other)
        groups[template.body if template else other].append(other)
    return list(groups.values())


def _targets(loaded: LoadedManifest, key: StackSetKey) -> Targets | None:
    own = loaded.manifest.stack_sets[key].targets
    return loaded.manifest.targets if own is None else own


def _of_kind(
    kinds: Mapping[StackSetKey, DependencyKind], wanted: DependencyKind
) -> tuple[StackSetKey, ...]:
    return tuple(key for key, kind in kinds.items() if kind is wanted)


def _report(
    dependent: DesiredStackSet,
    group: Sequence[DesiredStackSet],
    missing: frozenset[AccountId],
    findings: Findings,
) -> None:
    path: FieldPath = ("stack_sets", dependent.key, "depends_on")
    names = " and ".join(dependency.key for dependency in group)
    depends = f"{dependent.key} depends on {names}, "
    if not any(dependency.pairs for dependency in group):
        absent = all(dependency.absent for dependency in group)
        findings.error(
            path,
            f"{depends}which is {'`state: absent`' if absent else 'desired in no account'}.",
            "Target it, or take it out of `depends_on`.",
        )
        return
    shown = ", ".join(_with_reason(group, account) for account in sorted(missing)[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    findings.error(
        path,
        f"{depends}which is not desired in {len(missing)} of its accounts: {shown}{more}.",
        f"Target {names} there too, or exclude them from {dependent.key}. If one for all is "
        f"enough, name its accounts: stack_sets.{group[0].key}.targets.accounts.",
    )


def _with_reason(group: Sequence[DesiredStackSet], account: AccountId) -> str:
    for dependency in group:
        pairs = (Pair(account, region) for region in dependency.regions)
        by_region = (dependency.left_out_pairs.get(pair) for pair in pairs)
        for why in (dependency.left_out.get(account), *by_region):
            if why is not None:
                return f"{account} ({why.state}: {why.reason})"
    return account
