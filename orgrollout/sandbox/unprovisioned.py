"""Resources that exist as a record only, and steps that were not possible."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unprovisioned:
    """A resource that is only recorded, or of which something could not be done."""

    account: str
    region: str
    stack: str
    logical_id: str
    resource_type: str
    what: str

    @property
    def is_record(self) -> bool:
        """Whether the resource exists as a record only; else something of it is missing."""
        return "recorded" in self.what.split(":")[0]


class UnprovisionedList:
    """All of it, each once."""

    def __init__(self) -> None:
        self._noted: dict[Unprovisioned, None] = {}

    @property
    def all(self) -> list[Unprovisioned]:
        """All notes, oldest first."""
        return list(self._noted)

    def note(self, stack_id: str, logical_id: str, kind: str, what: str) -> None:
        """Add what was not provisioned in a stack."""
        _, _, _, region, account, resource = stack_id.split(":", 5)
        name = resource.split("/")[1]
        self._noted.setdefault(Unprovisioned(account, region, name, logical_id, kind, what))
