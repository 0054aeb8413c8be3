"""A rule of AWS Config is evaluated again, before and after its remediation.

A rule may be evaluated by the clock, every few hours. What it found last says nothing of what was
remediated since; so it is evaluated first, and what it still fails for is remediated once.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.posture.seen import PostureSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEvaluation:
    """How far a process is with one rule in one place; another process starts at the first step."""

    asked: bool = False  # for an evaluation, since the last remediation
    before: datetime | None = None  # when the rule had been evaluated by then
    called: frozenset[str] = frozenset()  # resources whose remediation was started

    def is_over(self, posture: PostureSeen) -> bool:
        """Return whether the rule was evaluated since that was asked for."""
        now, before = posture.evaluated, self.before
        return self.asked and now is not None and (before is None or now > before)

    def left(self, posture: PostureSeen) -> tuple[str, ...]:
        """Return what the rule fails for and was not remediated so far."""
        return tuple(each for each in posture.subjects if each not in self.called)

    def evaluating(self, posture: PostureSeen) -> "ConfigEvaluation":
        """Return the same after an evaluation was asked for."""
        return replace(self, asked=True, before=posture.evaluated)

    def remediating(self, subjects: tuple[str, ...]) -> "ConfigEvaluation":
        """Return the same after the remediation of some was started."""
        return replace(self, asked=False, called=self.called | {*subjects})
