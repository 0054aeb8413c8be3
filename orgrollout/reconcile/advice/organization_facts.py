"""Reads what a first manifest takes from an organization."""

from collections.abc import Callable

from orgrollout.aws.organizations import read_organization
from orgrollout.aws.regions import read_enabled_regions
from orgrollout.aws.transport.connection import Connection
from orgrollout.bootstrap.organization_facts import OrganizationFacts
from orgrollout.errors import AccessDeniedError
from orgrollout.model.ids import Region


def read_organization_facts(
    connection: Connection, progress: Callable[[str], None]
) -> OrganizationFacts:
    """Return the organization, and the Regions that the caller's account has enabled.

    Raises:
        AwsError: The organization could not be read.
    """
    progress("reading the organization")
    organization = read_organization(connection, with_tags=False)
    identity = connection.identity
    return OrganizationFacts(
        organization=organization,
        home_region=connection.home_region,
        caller=identity.arn,
        account=identity.account,
        enabled_regions=_enabled(connection),
    )


def _enabled(connection: Connection) -> frozenset[Region] | None:
    own = connection.identity.account
    try:
        return read_enabled_regions(connection, [own])[own]
    except AccessDeniedError:
        return None
