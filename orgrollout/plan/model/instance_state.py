"""What stack instances were when a plan was made, as far as the plan relies on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orgrollout.model.ids import Digest, UnitId
from orgrollout.plan.model.targets import Rectangle


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class InstanceState:
    """What one stack instance is. Not its last operation: a drift run is one, too."""

    status: str
    detailed: str
    runs: Digest | None = None  # the state that it is known to run; None: unknown
    unit: UnitId | None = None  # below which it hangs

    @property
    def shown(self) -> str:
        """Return its status in CloudFormation's words."""
        return f"{self.status}/{self.detailed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInstances:
    """Stack instances that were alike."""

    state: InstanceState
    where: tuple[Rectangle, ...]


def seen_of_old(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the same from a plan of an earlier version: keys `STATUS/DETAIL digest unit`."""
    return [{"state": _state_of_old(key), "where": where} for key, where in document.items()]


def _state_of_old(key: str) -> dict[str, Any]:
    shown, runs, unit = key.rsplit(" ", 2)
    status, _, detailed = shown.partition("/")
    return {
        "status": status,
        "detailed": detailed,
        "runs": None if runs == "unknown" else runs,
        "unit": None if unit == "-" else unit,
    }
