"""What the service may carry out of a manifest without a person."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orgrollout.manifest.schema.drift import ResyncWindow
from orgrollout.manifest.schema.part import Part, PositiveCount
from orgrollout.manifest.text.values import Texts, one_or_more

Approvable = Literal["create", "update"]


class AutoApprove(Part):
    """Which plans of the service need no person. All conditions must hold, for the whole plan."""

    actions: Annotated[
        tuple[Approvable, ...], Field(min_length=1), BeforeValidator(one_or_more)
    ] = ("create",)
    """What the plan may do. What takes a stack instance away always waits for a person. An update
    may replace resources, which no plan knows; where that matters, leave `update` out."""
    max_accounts: PositiveCount
    """In how many accounts it may change something."""
    units: Texts = ("/",)
    """Paths of organizational units that all of these accounts are below. Default: any."""
    windows: Annotated[
        tuple[ResyncWindow, ...], Field(min_length=1), BeforeValidator(one_or_more)
    ] = ()
    """When it may be approved. Default: always."""


class Service(Part):
    """What the service does with this manifest."""

    auto_approve: AutoApprove | None = None
    """Which plans need no person. Default: every plan waits for an approval."""
