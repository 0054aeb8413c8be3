"""Which accounts and Regions: blocks that select, exclusions, and parameters for a selection."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from orgrollout.manifest.schema.part import Flag, Part
from orgrollout.manifest.text.values import Names, Until

Units = Annotated[
    Names | None,
    Field(
        description="Units by path (/Workloads/Prod), id, or unique name; with every account "
        "below, at any depth."
    ),
]
AccountNames = Annotated[
    Names | None, Field(description="Names from `accounts`, or ids in quotes.")
]
Tags = Annotated[
    dict[str, Names] | None,
    Field(
        description="Tags of the account, each with the values that count: "
        "{baseline: [core, strict]}."
    ),
]


class Match(StrEnum):
    """How several tags of one block combine."""

    ALL = "all"
    ANY = "any"


class Block(Part):
    """A selection of accounts. All conditions given must hold; a list holds if one of it does."""

    written: ClassVar = "Write a block such as {organizational_units: [/Workloads]}."

    organizational_units: Units = None
    accounts: AccountNames = None
    tags: Tags = None
    match: Match = Match.ALL
    """Whether all tags must fit, or any."""
    regions: Names | None = None
    """Only these Regions of the stack set's own; names of Regions, region groups or `home`."""


class Terms(Part):
    """Why something is accepted, and until when."""

    reason: str = Field(min_length=1)
    """Why, for those who come later."""
    ticket: str | None = None
    """Where it was decided."""
    owner: str | None = None
    """Who answers for it."""
    until: Until | None = None
    """When it ends: its last day (UTC), or the moment, with its time zone, from which it no longer
    holds. Default: never."""


class Exclusion(Terms, Block):
    """A selection that is left out, whatever includes it."""

    written: ClassVar = 'Write a block with a reason, such as {accounts: [canary], reason: "..."}.'

    reason: str = Field(min_length=1)
    """Why, for those who come later; `explain` and `coverage` show it."""


class Targets(Part):
    """Which accounts: blocks add up, and an exclusion always wins."""

    written: ClassVar = (
        "Write `all`, the name of a target group, one block, or include and exclude."
    )

    everyone: Flag = False
    """Every account. It is written as `targets: all`, never as a key."""
    include: tuple[Block, ...] = ()
    """`all`, one block, or several, which add up."""
    exclude: tuple[Exclusion, ...] = ()
    """One block or several, each with a reason. An exclusion always wins."""


class ParameterOverride(Part):
    """Parameters for some of the stack instances. Later ones win."""

    targets: Targets
    """Which accounts; as for a stack set."""
    regions: Names | None = None
    """Only these Regions. Default: all of the stack set's."""
    parameters: dict[str, str]
    """The values that differ there."""
