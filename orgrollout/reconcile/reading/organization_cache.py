"""The organization as it was last read, kept in the journal.

Ten thousand accounts take a minute to list at the rate that Organizations allows. A
question about one account is answered from the last reading, after a look at that account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orgrollout.aws.organizations import read_account
from orgrollout.journal.documents import Documents
from orgrollout.journal.port import Document, Journal
from orgrollout.manifest.schema import Manifest
from orgrollout.model.ids import AccountId
from orgrollout.organization.needs import selects_by_tag, uses_enabled_regions
from orgrollout.organization.snapshot import AccountState, Organization
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.reading.organization import read_for

MAX_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrganization:
    """An organization, and when it was read."""

    organization: Organization
    read: datetime


def _read(document: Document) -> KnownOrganization | None:
    """Return what was kept; None: another version wrote it."""
    try:
        found = _adapter().validate_python(document.value)
    except ValidationError:
        return None
    return found if found.read.tzinfo is not None else None


def _dump(known: KnownOrganization | None) -> Any:
    return _adapter().dump_python(known, mode="json") if known else None


ORGANIZATION = Documents(prefix="organization", read=_read, dump=_dump)


def remember(journal: Journal, organization: Organization, now: datetime) -> None:
    """Keep what was read. On conflict the other process's copy stays; both are equally fresh."""
    known = KnownOrganization(organization=organization, read=now)
    before = journal.get(ORGANIZATION.key())  # its version is enough
    ORGANIZATION.offer(journal, "", known, before.version if before else None)


def known_organization(
    context: Context,
    find: Callable[[Organization], AccountId | None],
    manifest: Manifest,
    progress: Callable[[str], None] = lambda _: None,
) -> KnownOrganization:
    """Return the organization: as it was read within the last hour, else as it is now.

    It is read again where ``find`` does not find its account, or where that account has moved or
    changed since.

    Raises:
        AwsError: It could not be read.
    """
    now = context.clock.now()
    known = _kept(context.journal)
    if known and now - known.read <= MAX_AGE:
        account = find(known.organization)
        if account and _holds(context, known.organization, account, manifest):
            return known
    organization = read_for(manifest, context, progress)
    remember(context.journal, organization, now)
    return KnownOrganization(organization=organization, read=now)


def _kept(journal: Journal) -> KnownOrganization | None:
    found = ORGANIZATION.get(journal)
    return found.value if found else None


def _holds(
    context: Context, organization: Organization, account: AccountId, manifest: Manifest
) -> bool:
    before, with_tags = organization.accounts.get(account), selects_by_tag(manifest)
    untagged = with_tags and any(a.tags is None for a in organization.accounts.values())
    if before is None or untagged:
        return False
    unread = uses_enabled_regions(manifest) and account not in organization.enabled_regions
    if unread and before.state is AccountState.ACTIVE:
        return False
    now = read_account(context.connection, account, with_tags=with_tags)
    return (now.state, now.parent) == (before.state, before.parent) and (
        not with_tags or now.tags == before.tags
    )


@cache
def _adapter() -> TypeAdapter[KnownOrganization]:
    return TypeAdapter(KnownOrganization)
