"""What one process knows of operations inside accounts, and could find again in AWS."""

from dataclasses import dataclass, field
from datetime import datetime

from orgrollout.model.ids import Pair
from orgrollout.rollout.repairs import NextStep, RepairSeen


@dataclass(slots=True)
class InsideMemory:
    """What this process knows of one operation: it spares calls, and nothing rests on it."""

    ended: dict[Pair, NextStep] = field(default_factory=dict)
    seen: dict[Pair, RepairSeen] = field(default_factory=dict)  # lately
    asked: dict[Pair, tuple[datetime, datetime]] = field(default_factory=dict)  # first, and last
