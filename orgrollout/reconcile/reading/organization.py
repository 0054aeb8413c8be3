"""Reading an organization for one manifest: what it selects by, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

from orgrollout.aws.organizations import read_organization
from orgrollout.aws.regions import read_enabled_regions
from orgrollout.manifest.schema import Manifest
from orgrollout.organization.needs import selects_by_tag, uses_enabled_regions
from orgrollout.organization.snapshot import AccountState, Organization
from orgrollout.reconcile.context import Context


def read_for(manifest: Manifest, context: Context, progress: Callable[[str], None]) -> Organization:
    """Return the organization, with tags and enabled Regions if the manifest has use for them.

    Raises:
        AwsError: It could not be read.
    """
    progress("reading the organization")
    organization = read_organization(context.connection, with_tags=selects_by_tag(manifest))
    if not uses_enabled_regions(manifest):
        return organization
    members = organization.accounts.values()
    active = [account.id for account in members if account.state is AccountState.ACTIVE]
    progress(
        f"reading which Regions {len(active):,} accounts have enabled, since the manifest says "
        "`enabled`: one call an account, about ten a second"
    )
    return replace(organization, enabled_regions=read_enabled_regions(context.connection, active))
