"""What is accepted for a time: why, by whom, and until when."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from orgrollout.manifest.schema.selection import Block, Terms
from orgrollout.manifest.text.values import Names, Until, refusal

WaivedMatter = Literal["deployment", "drift", "check"]
PLACES = ("organizational_units", "accounts", "tags", "regions")
_KEYS = ("resource", "property", "check", "subject")
_NEEDS: dict[str, str] = {"drift": "resource", "check": "check"}
_TAKES: dict[str, tuple[str, ...]] = {
    "deployment": (),
    "drift": ("resource", "property"),
    "check": ("check", "subject"),
}


class Waiver(Terms, Block):
    """A deviation that is accepted for a time, and who answers for it."""

    written: ClassVar = (
        "Write {waives: deployment, accounts: [canary], reason: ..., owner: ..., until: ...}."
    )

    waives: WaivedMatter
    """`deployment`: no stack instance is asked for, and one that exists is left alone; `drift`: a
    difference of a resource is accepted; `check`: a posture check may be broken."""
    stack_sets: Names | None = None
    """Keys of stack sets. Required, but for `deployment`, where the default is all."""
    resource: str | None = Field(default=None, min_length=1)
    """With `drift`: logical id of the resource."""
    property: str | None = None
    """With `drift`: JSON pointer to the property. Default: the whole resource."""
    check: str | None = Field(default=None, min_length=1)
    """With `check`: name of the posture check; for a rule of AWS Config, the rule after it."""
    subject: str | None = Field(default=None, min_length=1)
    """With `check`: id of the one thing that it may be broken for, such as a VPC. Default: all."""
    owner: str = Field(min_length=1)
    """Who answers for it."""
    until: Until
    """When it ends: its last day (UTC), or the moment, with its time zone, from which it no longer
    holds."""

    def is_somewhere(self) -> bool:
        """Return whether it names accounts or Regions; if not, it holds everywhere."""
        return any(getattr(self, key) is not None for key in PLACES)

    def is_about(self, stack_set: str) -> bool:
        """Return whether it is about a stack set."""
        return self.stack_sets is None or stack_set in self.stack_sets

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        takes, needs = _TAKES[self.waives], _NEEDS.get(self.waives)
        given = [key for key in _KEYS if getattr(self, key) is not None]
        if needs is not None and needs not in given:
            raise refusal(f"waives {self.waives}, and has no `{needs}`.", f"Add `{needs}`.")
        if self.waives != "deployment" and self.stack_sets is None:
            raise refusal(f"waives {self.waives}, and has no `stack_sets`.", "Add `stack_sets`.")
        if self.waives == "deployment" and not self.is_somewhere():
            fix = "Add organizational_units, accounts, tags or regions."
            raise refusal("waives deployment, and does not say where.", fix)
        if others := [key for key in given if key not in takes]:
            named = ", ".join(f"`{key}`" for key in others)
            raise refusal(f"waives {self.waives}, and has {named}.", f"Remove {named}.")
        return self
