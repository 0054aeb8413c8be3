"""Which wave an account belongs to.

Waves cut across stack sets, so that an account is complete before the next wave starts.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from orgrollout.manifest.loaded import PREREQUISITES, REMOVALS, REST
from orgrollout.manifest.schema import Manifest, Wave
from orgrollout.model.ids import AccountId, UnitId
from orgrollout.organization.snapshot import Organization
from orgrollout.organization.tree import OrganizationTree
from orgrollout.plan.model.plan import Gate, PlannedOperation


def rank(name: str, account: AccountId) -> float:
    """Return where an account stands in the order of a manifest: at least 0, below 1.

    It depends on nothing else, so an account keeps its wave while the organization grows.
    """
    digest = hashlib.sha256(f"{name}/{account}".encode()).digest()
    return float(int.from_bytes(digest[:6], "big") / 2**48)


def assign(
    manifest: Manifest, organization: Organization, accounts: Iterable[AccountId]
) -> dict[AccountId, int]:
    """Return the wave of each account. Wave 0 is for prerequisites; these start at 1.

    A wave takes what its selector finds among accounts that no earlier wave took. The accounts
    that are left form the last wave.
    """
    everyone = sorted(accounts, key=lambda account: rank(manifest.name, account))
    waves: dict[AccountId, int] = {}
    for index, wave in enumerate(manifest.rollout.waves, start=1):
        for account in _selected(wave, manifest, organization, everyone, waves):
            waves.setdefault(account, index)
    last = len(manifest.rollout.waves) + 1
    return {account: waves.get(account, last) for account in everyone}


def names(manifest: Manifest) -> tuple[str, ...]:
    """Return what the waves are called, the first and the last included."""
    return (PREREQUISITES, *(wave.name for wave in manifest.rollout.waves), REST, REMOVALS)


def gates(manifest: Manifest) -> tuple[Gate, ...]:
    """Return what must happen after each wave."""
    chosen = [
        Gate(
            soak=wave.after.soak,
            approval=wave.after.approval is not None,
            not_by_planner=wave.after.not_by is not None,
            alarm=wave.after.alarm,
        )
        for wave in manifest.rollout.waves
    ]
    return (Gate(), *chosen, Gate(), Gate())


def allowed_failures(manifest: Manifest, index: int, size: int) -> int:
    """Return how many of ``size`` accounts may fail in a wave, after retries.

    None where others wait for the outcome: among prerequisites, and in the first of several
    waves. A percentage is rounded down, but later waves always stand one.
    """
    waits = index == 0 or (index == 1 and manifest.rollout.waves)
    if waits:
        return 0
    text = manifest.rollout.max_failed_accounts
    if text.endswith("%"):
        return max(1, size * int(text[:-1]) // 100) if text != "0%" else 0
    return int(text)


def units(
    organization: Organization, operations: Iterable[PlannedOperation]
) -> dict[str, tuple[AccountId, ...]]:
    """Return the accounts that operations reach, by the path of the unit they are in."""
    found: dict[str, set[AccountId]] = defaultdict(set)
    for account in {account for operation in operations for account in operation.accounts}:
        member = organization.accounts.get(account)
        if member is not None:
            found[organization.units[member.parent].path].add(account)
    return {path: tuple(sorted(accounts)) for path, accounts in sorted(found.items())}


def _selected(
    wave: Wave,
    manifest: Manifest,
    organization: Organization,
    everyone: list[AccountId],
    taken: Mapping[AccountId, int],
) -> list[AccountId]:
    if wave.sample is not None:
        return _sample(organization, everyone, wave.sample.per_ou)
    if wave.percent is not None:
        return _percent(manifest.name, everyone, wave.percent, taken)
    if wave.accounts is not None:
        named = {manifest.accounts.get(name, name) for name in wave.accounts}
        return [account for account in everyone if account in named]
    if wave.organizational_units is not None:
        tree = OrganizationTree(organization)
        units = [u for name in wave.organizational_units for u in tree.units_called(name)]
        within = frozenset[AccountId]().union(*(tree.accounts_under(unit) for unit in units))
        return [account for account in everyone if account in within]
    wanted = wave.tags or {}
    return [account for account in everyone if _has_tags(organization, account, wanted)]


def _sample(
    organization: Organization, everyone: list[AccountId], per_unit: int
) -> list[AccountId]:
    by_unit: dict[UnitId, list[AccountId]] = defaultdict(list)
    for account in everyone:
        found = organization.accounts.get(account)
        if found is not None and len(by_unit[found.parent]) < per_unit:
            by_unit[found.parent].append(account)
    return [account for accounts in by_unit.values() for account in accounts]


def _percent(
    name: str, everyone: list[AccountId], percent: int, taken: Mapping[AccountId, int]
) -> list[AccountId]:
    found = [account for account in everyone if rank(name, account) < percent / 100]
    left = [account for account in everyone if account not in taken]
    if left and all(account in taken for account in found):
        return left[:1]
    return found


def _has_tags(
    organization: Organization, account: AccountId, wanted: Mapping[str, tuple[str, ...]]
) -> bool:
    found = organization.accounts.get(account)
    tags = (found.tags or {}) if found else {}
    return all(tags.get(key) in values for key, values in wanted.items())
