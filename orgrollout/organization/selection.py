"""Which accounts a block of the manifest selects, and what its names refer to.

A block is matched against every account, whatever its state: who of them can be deployed to is
decided in `targets`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Block, Exclusion, Match, Targets, Waiver
from orgrollout.manifest.text.document import FieldPath, dotted
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.manifest.waivers import holds, until_words
from orgrollout.model.ids import AccountId, Region, StackSetKey
from orgrollout.organization.findings import Findings
from orgrollout.organization.regions import RegionNames
from orgrollout.organization.tree import OrganizationTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What one block selects."""

    path: FieldPath
    rule: str  # where the manifest says so, as it was written
    accounts: frozenset[AccountId]
    regions: frozenset[Region] | None = None  # None: all of the stack set's
    named: frozenset[AccountId] = frozenset()  # those that `accounts` lists one by one
    reason: str = ""  # of an exclusion


class Selector:
    """Matches the blocks of one manifest against one organization."""

    def __init__(
        self,
        loaded: LoadedManifest,
        tree: OrganizationTree,
        regions: RegionNames,
        findings: Findings,
        now: datetime,
    ) -> None:
        self._loaded = loaded
        self._tree = tree
        self._regions = regions
        self._findings = findings
        self._now = now
        self._on_missing = loaded.manifest.guards.on_missing_target

    def included(self, targets: Targets, path: FieldPath) -> Iterator[Selected]:
        """Yield what each block includes. They add up, so their order makes no difference."""
        if targets.everyone:
            place: FieldPath = (*path, "everyone")
            rule = f"{self._rule(place)}: all"
            yield Selected(path=place, rule=rule, accounts=self._tree.members)
        for index, block in enumerate(targets.include):
            yield self._select(block, (*path, "include", index))

    def excluded(self, targets: Targets, path: FieldPath) -> Iterator[Selected]:
        """Yield what each exclusion leaves out. One that has expired leaves out nothing."""
        for index, block in enumerate(targets.exclude):
            place: FieldPath = (*path, "exclude", index)
            if holds(block, self._now):
                yield self._select(block, place, reason=until_words(block))

    def waived(self, key: StackSetKey) -> Iterator[Selected]:
        """Yield where no stack instance of a stack set is asked for. What has ended is not."""
        for index, waiver in enumerate(self._loaded.manifest.waivers):
            if waiver.waives == "deployment" and waiver.is_about(key) and holds(waiver, self._now):
                yield self._select(waiver, ("waivers", index), reason=until_words(waiver))

    def where(self, waiver: Waiver, path: FieldPath) -> Selected | None:
        """Return where a waiver holds; None: everywhere, since it names no place."""
        return self._select(waiver, path) if waiver.is_somewhere() else None

    def check(self, block: Block, path: FieldPath) -> None:
        """Report what a block names and the organization does not have."""
        self._select(block, path)

    def _rule(self, path: FieldPath) -> str:
        return dotted(self._loaded.written(path))

    def _select(self, block: Block, path: FieldPath, reason: str = "") -> Selected:
        named = frozenset(self._named(block.accounts or (), path))
        conditions: list[frozenset[AccountId]] = []
        if block.organizational_units is not None:
            conditions.append(self._in_units(block.organizational_units, path))
        if block.accounts is not None:
            conditions.append(named)
        if block.tags is not None:
            conditions.append(self._tagged(block, path))
        if not conditions and isinstance(block, Exclusion | Waiver) and block.regions:
            conditions.append(self._tree.members)  # whole Regions, for everyone
        # A block without a condition selects no account: all accounts are never assumed.
        accounts = frozenset.intersection(*conditions) if conditions else frozenset()
        return Selected(
            path=path,
            rule=self._rule(path),
            accounts=accounts,
            regions=self._block_regions(block, path),
            named=named,
            reason=reason,
        )

    def _block_regions(self, block: Block, path: FieldPath) -> frozenset[Region] | None:
        if block.regions is None:
            return None
        return frozenset(self._regions.expand(block.regions, (*path, "regions")))

    def _in_units(self, references: Iterable[str], path: FieldPath) -> frozenset[AccountId]:
        found: list[frozenset[AccountId]] = []
        for index, reference in enumerate(references):
            place: FieldPath = (*path, "organizational_units", index)
            units = self._tree.units_called(reference)
            if len(units) == 1:
                found.append(self._tree.accounts_under(units[0]))
            elif units:
                here = self._tree.organization.units
                which = ", ".join(f"{unit} ({here[unit].path})" for unit in sorted(units))
                self._findings.error(
                    place,
                    f"`{reference}` is the name of {len(units)} organizational units: {which}.",
                    "Write the path or the id of the one that is meant.",
                )
            else:
                self._findings.report(
                    self._on_missing,
                    place,
                    f"there is no organizational unit `{reference}` in {self._organization}.",
                    did_you_mean(
                        reference,
                        self._tree.references,
                        otherwise="Write its path such as /Workloads/Prod, its id or its name.",
                    ),
                )
        return frozenset[AccountId]().union(*found)

    def _named(self, names: Iterable[str], path: FieldPath) -> set[AccountId]:
        known = self._loaded.manifest.accounts
        found: set[AccountId] = set()
        for index, name in enumerate(names):
            account = AccountId(known.get(name, name))
            if account in self._tree.members:
                found.add(account)
                continue
            called = account if account == name else f"{account} ({name})"
            self._findings.report(
                self._on_missing,
                (*path, "accounts", index),
                f"account {called} is not in {self._organization}.",
                "Take it out, or set guards.on_missing_target to warn.",
            )
        return found

    def _tagged(self, block: Block, path: FieldPath) -> frozenset[AccountId]:
        unread = self._tree.with_unread_tags
        if unread:
            self._findings.error(
                (*path, "tags"),
                f"the tags of {_accounts(len(unread))} were not read, e.g. of {min(unread)}.",
                "Allow organizations:ListTagsForResource.",
            )
        sets = [self._tree.accounts_tagged(k, values) for k, values in (block.tags or {}).items()]
        if block.match is Match.ALL and sets:
            return frozenset.intersection(*sets)
        return frozenset[AccountId]().union(*sets)

    @property
    def _organization(self) -> str:
        return f"organization {self._tree.organization.id}"


def _accounts(number: int) -> str:
    return f"{number:,} account{'' if number == 1 else 's'}"
