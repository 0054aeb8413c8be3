"""An organization as it was read: its tree, its accounts, and nothing that changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgrollout.model.ids import AccountId, Region, UnitId


class AccountState(StrEnum):
    """Where an account is in its life. Only an active one can be deployed to."""

    PENDING_ACTIVATION = "PENDING_ACTIVATION"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    PENDING_CLOSURE = "PENDING_CLOSURE"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A member of the organization."""

    id: AccountId
    name: str
    state: AccountState
    parent: UnitId
    tags: Mapping[str, str] | None = None  # None: not read, since nothing selects by tag
    joined: datetime | None = None  # None: the endpoint does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An organizational unit, or the root."""

    id: UnitId
    name: str
    parent: UnitId | None  # None: the root
    path: str  # "/" for the root, else e.g. /Workloads/Prod


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A snapshot of roots, organizational units and accounts."""

    id: str
    management_account: AccountId
    root: UnitId
    units: Mapping[UnitId, Unit]  # the root included
    accounts: Mapping[AccountId, Account]
    enabled_regions: Mapping[AccountId, frozenset[Region]] = field(default_factory=dict)
