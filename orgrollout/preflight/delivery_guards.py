"""The next guard of the archive to try, as it is pasted into the manifest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orgrollout.model.ids import AccountId, StackSetKey

GUARD = "DeliveryGuard"
FOLDERS = ("DeliveryKeyPrefix", "FlowLogFolder")
"""The parameters that have to hold the organization's id for the guard by folder."""
MOST_ACCOUNTS = 315
"""Ids of accounts that fit into one parameter of CloudFormation: 4,096 characters."""
BY_HAND = "# let the policy of the bucket, and of its key, allow AWS Config of these accounts"
_OTHERS = {
    "source-org-id": "organization-prefix",
    "organization-prefix": "source-accounts",
    "source-accounts": "source-org-id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """What of one manifest delivers into the archive, or reads what was delivered."""

    accounts: frozenset[AccountId]
    folders: Mapping[StackSetKey, str]  # stack sets and their parameter, one of `FOLDERS`
    organization: str


def switch(archive: StackSetKey, guard: str, delivering: Delivering) -> str:
    """Return what to paste for the next guard, and what this manifest cannot know of others."""
    other = _OTHERS.get(guard, "source-org-id")
    if other == "source-accounts":
        return _by_accounts(archive, delivering.accounts)
    if other == "organization-prefix":
        return _by_folder(archive, delivering)
    return _pasted(archive, f"{GUARD}: {other}")


def _by_accounts(archive: StackSetKey, accounts: Iterable[AccountId]) -> str:
    ids = sorted(accounts)
    if len(ids) > MOST_ACCOUNTS:
        return (
            f"# DeliveryGuard source-accounts takes at most {MOST_ACCOUNTS} accounts, and this "
            f"manifest has {len(ids)}.\n{BY_HAND}"
        )
    given = f'{GUARD}: source-accounts, SourceAccountIds: "{",".join(ids)}"'
    return _pasted(
        archive,
        given,
        "# add the accounts of other manifests that deliver into this archive, such as the",
        f"# management account: one that is missing cannot deliver; at most {MOST_ACCOUNTS} fit",
    )


def _by_folder(archive: StackSetKey, delivering: Delivering) -> str:
    more = (
        "# other manifests that deliver into this archive, or read it, need the same folder:",
        f"# {' and '.join(FOLDERS)}; without it they cannot deliver",
    )
    lines = [_pasted(archive, f"{GUARD}: organization-prefix", *more)]
    for key, name in delivering.folders.items():
        lines += [f"  {key}:", f"    parameters: {{{name}: {delivering.organization}}}"]
    return "\n".join(lines)


def _pasted(archive: StackSetKey, given: str, *more: str) -> str:
    return "\n".join(
        (
            "# if the reason is a denial, try the next guard on the canary:",
            *more,
            "stack_sets:",
            f"  {archive}:",
            f"    parameters: {{{given}}}",
        )
    )
