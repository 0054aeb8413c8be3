"""What a first manifest takes from an organization: who called, accounts, units and Regions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orgrollout.manifest.regions import PARTITIONS, is_opt_in
from orgrollout.model.ids import AccountId, Region
from orgrollout.organization.snapshot import Account, AccountState, Organization

_ROLE = re.compile(r"^arn:[^:]+:sts::[0-9]{12}:assumed-role/([^/]+)/")
# AWS Control Tower calls its accounts Log Archive and Audit. Others leave out the blank.
_LOG_ARCHIVE = ("logarchive", "logging", "centrallogs", "centrallogging", "logs")
_AUDIT = ("audit", "securityaudit")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationFacts:
    """An organization as the caller sees it."""

    organization: Organization
    home_region: Region
    caller: str  # ARN
    account: AccountId  # of the caller
    enabled_regions: frozenset[Region] | None  # in that account; None: could not be read

    @property
    def caller_role(self) -> str | None:
        """Return the name of the caller's role; the ARN of a session does not tell its path."""
        found = _ROLE.match(self.caller)
        return found.group(1) if found else None

    @property
    def member_accounts(self) -> list[Account]:
        """Return the active member accounts, by name."""
        own = self.organization
        return sorted(
            (
                each
                for each in own.accounts.values()
                if each.state is AccountState.ACTIVE and each.id != own.management_account
            ),
            key=lambda each: (each.name, each.id),
        )

    @property
    def regions_of_all(self) -> tuple[Region, ...]:
        """Return the Regions that every account has, the home Region first."""
        others = {r for r in self._enabled() if not is_opt_in(r)} - {self.home_region}
        return (self.home_region, *sorted(others))

    @property
    def opt_in_regions(self) -> tuple[Region, ...]:
        """Return the Regions that the caller's account has enabled, and others may not have."""
        return tuple(sorted(self._enabled() - set(self.regions_of_all)))

    def _enabled(self) -> set[Region]:
        """Return the enabled Regions that one manifest can name: those of one partition."""
        own = PARTITIONS.get(self.home_region)
        return {r for r in self.enabled_regions or () if PARTITIONS.get(r) == own}

    @property
    def log_archives(self) -> list[Account]:
        """Return the accounts that are called like a log archive."""
        return list(self._called(_LOG_ARCHIVE))

    @property
    def audit_accounts(self) -> list[Account]:
        """Return the accounts that are called like an audit account."""
        return list(self._called(_AUDIT))

    def _called(self, names: tuple[str, ...]) -> Iterator[Account]:
        for each in self.member_accounts:
            if re.sub(r"[^a-z0-9]", "", each.name.lower()) in names:
                yield each
