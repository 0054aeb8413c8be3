"""Reads where experiments may run: the accounts with their units, and the two Regions."""

import secrets
from dataclasses import dataclass

from orgrollout.aws.organizations import describe_organization, read_account
from orgrollout.aws.regions import read_enabled_regions
from orgrollout.aws.transport.connection import Connection
from orgrollout.confirm.ground import Ground, Place
from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import AccountId, Region
from orgrollout.organization.snapshot import AccountState

_RUN = 4  # bytes


class GroundError(OrgRolloutError):
    """Experiments cannot run there. Nothing was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where experiments are to run."""

    canary: AccountId
    suspended: AccountId | None = None
    second_region: Region | None = None
    by_role: bool = False


def new_run() -> str:
    """Return a name that no other run has."""
    return secrets.token_hex(_RUN)


def read_ground(wanted: Wanted, connection: Connection, call_as: str) -> Ground:
    """Return the ground of a new run.

    Raises:
        GroundError: An account is not what it has to be, or there is no second Region.
        AwsError: An account is not in the organization, or cannot be read.
    """
    _, management = describe_organization(connection)
    if wanted.canary == wanted.suspended:
        raise GroundError("one account is named twice; nothing was made. Name different ones.")
    if management in (wanted.canary, wanted.suspended):
        raise GroundError(
            f"{management} is the management account, where service-managed stack sets never "
            "deploy; nothing was made. Name a member account."
        )
    active, gone = AccountState.ACTIVE, AccountState.SUSPENDED
    return Ground(
        run=new_run(),
        canary=_place(connection, wanted.canary, active),
        suspended=_place(connection, wanted.suspended, gone) if wanted.suspended else None,
        regions=(connection.home_region, _second_region(wanted.second_region, connection)),
        call_as=call_as,
        by_role=wanted.by_role,
    )


def _place(connection: Connection, account: AccountId, state: AccountState) -> Place:
    found = read_account(connection, account, with_tags=False)
    if found.state is not state:
        raise GroundError(
            f"account {account} is {found.state}, and has to be {state}; nothing was made. Name "
            "another account."
        )
    return Place(account=account, unit=found.parent)


def _second_region(wanted: Region | None, connection: Connection) -> Region:
    home = connection.home_region
    if wanted == home:
        raise GroundError(
            f"{home} is the home Region, and experiments need another one besides; nothing was "
            "made. Name another with --second-region, or leave it out."
        )
    if wanted is not None:
        return wanted
    own = connection.identity.account
    others = sorted(read_enabled_regions(connection, [own])[own] - {home})
    if not others:
        raise GroundError(
            f"the caller's account has no Region enabled but {home}, and experiments need two; "
            "nothing was made. Name one with --second-region."
        )
    return others[-1]
