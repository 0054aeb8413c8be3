"""What all parts of the manifest have in common, and the numbers in them."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
PositiveCount = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
PositivePercentage = Annotated[int, Field(strict=True, ge=1, le=100)]
Attempts = Annotated[int, Field(strict=True, ge=1, le=20)]


class Part(BaseModel):
    """A part of the manifest: keys it does not know are errors, and values do not change.

    The text below a field says what its key means, to all readers: editors (`orgrollout schema`),
    docs/manifest.md, and errors.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=False, use_attribute_docstrings=True
    )

    written: ClassVar[str] = ""
    """How such a part is written, for the reader of an error."""


def meaning(field: FieldInfo) -> str:
    """Return what a key means, as one paragraph."""
    return " ".join((field.description or "").split())
