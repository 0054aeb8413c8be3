"""What a template may say of itself, below `Metadata: orgrollout:`."""

from typing import Any, Literal

from pydantic import Field

from orgrollout.manifest.schema.part import Flag, Part
from orgrollout.manifest.text.values import Names, Texts

Capability = Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class RegionExclusion(Part):
    """Regions that a template cannot go to."""

    regions: Names
    """Names of Regions."""
    reason: str = Field(min_length=1)
    """Why it cannot go there; plans show it."""


class TemplateRegions(Part):
    """Where a template can go."""

    exclude: tuple[RegionExclusion, ...] = ()
    """Regions it cannot go to, each list with a reason."""


class SelfDescription(Part):
    """`Metadata: orgrollout:` as a template's author writes it."""

    version: Literal[1]
    """The version of this format: write `version: 1`."""
    summary: str = ""
    """What it is, in one line."""
    capabilities: tuple[Capability, ...] = ()
    """What it needs to be allowed, such as CAPABILITY_NAMED_IAM."""
    once_per_account: Flag = False
    """It makes something global, such as IAM roles, and goes to one Region of an account."""
    depends_on: Texts = ()
    """Names of templates (files without their ending) that come first."""
    regions: TemplateRegions = TemplateRegions()
    """Where it can go."""
    parameter_defaults: dict[str, str] = Field(default={})
    """Values for its parameters; may hold `${organization.id}`, `${home_region}`,
    `${management_account}` and `${accounts.NAME}`. One that names an account unknown to the
    manifest is left out."""
    costs: str = ""
    """What a plan tells of its cost; may hold `{pairs}`, `{accounts}` and `{regions}`."""
    leaves_behind: str = ""
    """What a plan tells of resources that stay when the stack is removed."""
    posture: tuple[dict[str, Any], ...] = ()
    """Checks for what drift detection cannot see; see [posture](posture.md)."""
    preconditions: tuple[dict[str, Any], ...] = ()
    """What has to be there before it is deployed, written like `posture`, such as
    `{check: NAME, when: {Recorder: existing}}`; [preflight](preflight.md) looks at it in
    the accounts."""
