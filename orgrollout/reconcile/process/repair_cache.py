"""What one process knows of operations in member accounts, and could find again in AWS."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orgrollout.model.ids import Pair
from orgrollout.rollout.member_accounts.config_evaluation import ConfigEvaluation
from orgrollout.rollout.member_accounts.repair_observation import RepairObservation
from orgrollout.rollout.state.repair_step import NextStep

_ONE_LOOK = timedelta(minutes=1)  # a clock that was set, or a machine that slept, has not waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long a repair has been seen at the same stage."""

    stage: object
    looked: datetime
    total: timedelta = timedelta()

    def goes_on(self, stage: object, now: datetime) -> "Wait":
        """Return the wait after another look."""
        if stage != self.stage:
            return Wait(stage=stage, looked=now)
        since = min(max(now - self.looked, timedelta()), _ONE_LOOK)
        return Wait(stage=stage, looked=now, total=self.total + since)


@dataclass(slots=True)
class RepairMemory:
    """What this process knows of one operation: it spares calls, and nothing rests on it."""

    ended: dict[Pair, NextStep] = field(default_factory=dict)
    seen: dict[Pair, RepairObservation] = field(default_factory=dict)  # lately
    asked: dict[Pair, datetime] = field(default_factory=dict)  # lately
    detections: dict[Pair, str] = field(default_factory=dict)  # by id
    tried: dict[Pair, frozenset[str]] = field(default_factory=dict)  # remediations
    started: dict[Pair, dict[str, datetime | None]] = field(default_factory=dict)  # of those
    evaluation: dict[Pair, ConfigEvaluation] = field(default_factory=dict)  # of rules
    waits: dict[Pair, Wait] = field(default_factory=dict)

    def looked(self, pair: Pair, seen: RepairObservation, now: datetime) -> RepairObservation:
        """Remember what was ``seen``, and return it with what this process knows besides."""
        wait = self._wait(pair, seen, now)
        known = replace(
            seen,
            asked=self.asked.get(pair),
            remediations=replace(
                seen.remediations,
                tried=self.tried.get(pair, frozenset()),
                started=dict(self.started.get(pair, {})),
            ),
            evaluation=self.evaluation.get(pair, ConfigEvaluation()),
            waited=wait.total,
        )
        self.seen[pair] = known
        return known

    def _wait(self, pair: Pair, seen: RepairObservation, now: datetime) -> Wait:
        made = seen.change_set
        stage = (
            seen.stack.status if seen.stack else "",
            (made.status, made.execution) if made else None,
            pair in self.asked,
            seen.unreachable,
        )
        before = self.waits.get(pair)
        wait = before.goes_on(stage, now) if before else Wait(stage=stage, looked=now)
        self.waits[pair] = wait
        return wait
