"""How drift is looked at, which differences are accepted, and what may be repaired unattended."""

from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from orgrollout.manifest.schema.part import Count, Part
from orgrollout.manifest.schema.selection import Terms
from orgrollout.manifest.text.forms import ExternalId, RoleName, TimeOfDay
from orgrollout.manifest.text.values import Texts, one_or_more, refusal

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class DriftIgnore(Terms):
    """A difference that is known and accepted."""

    stack_set: str
    """Key of the stack set."""
    resource: str
    """Logical id of the resource."""
    property: str | None = None
    """JSON pointer to the property. Default: the whole resource."""


class ResyncWindow(Part):
    """When changes may be made: days of the week, from one time of day to another, in UTC."""

    days: Annotated[tuple[Weekday, ...], BeforeValidator(one_or_more)] = get_args(Weekday)
    """Days on which it begins. Default: all."""
    start: TimeOfDay = "00:00"
    """When it begins, as HH:MM, in UTC."""
    end: TimeOfDay = "24:00"
    """When it is over (the first minute after it), as HH:MM; before `start`: on the next day."""

    @model_validator(mode="after")
    def _is_open_at_all(self) -> Self:
        if self.start == self.end or (self.start, self.end) == ("24:00", "00:00"):
            raise refusal(
                f"from {self.start} to {self.end} is no time.",
                "Leave both out for the whole day, or let it end at another time.",
            )
        return self


class Unattended(Part):
    """What `resync --unattended` may do; all else is only reported."""

    max_instances: Count = 25
    """How many stack instances one run may repair. More: none is."""
    resource_types: Texts = ("*",)
    """Types that change sets may revert, `*` for any part of a name; an empty list: posture only.
    Default: all."""
    windows: Annotated[
        tuple[ResyncWindow, ...], Field(min_length=1), BeforeValidator(one_or_more)
    ] = ()
    """When something may be repaired. Default: always."""


class Drift(Part):
    """How drift is looked at, what of it is left alone, and what may be repaired by itself."""

    probe_role: RoleName | None = None
    """Name of the role in member accounts that looks at posture. Default: `resync_role`. With
    neither, posture is unknown."""
    resync_role: RoleName | None = None
    """Name of the role in member accounts that `resync` repairs with."""
    external_id: ExternalId | None = None
    """What the roles ask for (sts:ExternalId); for those of builtin:resync-role, its parameter
    ExternalId."""
    aggregator: str | None = None
    """Name of an aggregator of AWS Config in the caller's account and home Region, which is asked
    before any account is."""
    ignore: tuple[DriftIgnore, ...] = ()
    """Differences that are known and accepted."""
    unattended: Unattended = Unattended()
    """What `resync --unattended` may do; all else is only reported."""
