"""What a re-sync leaves, with the reason."""

from dataclasses import dataclass

from orgrollout.drift.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrepaired:
    """A finding that is not repaired."""

    finding: Finding
    why: str
    only_recreated: bool = False  # nothing but deleting and creating the stack would repair it
