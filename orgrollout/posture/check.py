"""A check of one account and Region, with its arguments, and the call that repairs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgrollout.posture.registry import CHECKS
from orgrollout.posture.remediation import START


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureCheck:
    """A named check, with the arguments that a template and its parameters give it."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return its name, and what tells it from another of that name in the same place."""
        known = CHECKS.get(self.name)
        told_by = self.arguments.get(known.told_by, "") if known else ""
        return f"{self.name} {told_by}".strip()

    @property
    def is_judged_by_rule(self) -> bool:
        """Return whether it is what a rule of AWS Config found when it was evaluated last."""
        known = CHECKS.get(self.name)
        return known is not None and known.is_judged_by_rule

    @property
    def shows_delivery(self) -> bool:
        """Return whether it tells whether what is recorded reaches the archive."""
        known = CHECKS.get(self.name)
        return known is not None and known.shows_delivery

    @property
    def starts_remediations(self) -> bool:
        """Return whether its repair is the remediation of a rule of AWS Config."""
        known = CHECKS.get(self.name)
        return known is not None and known.repair is not None and known.repair.call is START


def repaired_by(check: PostureCheck, subjects: tuple[str, ...]) -> str | None:
    """Return the call that may repair a broken check, as service:Operation; None: no call does.

    Some calls need an argument, such as the rule whose remediation is started.
    """
    known = CHECKS.get(check.name)
    if known is None or not subjects or known.repair is None:
        return None
    needs = known.repair.needs
    return None if needs and not check.arguments.get(needs) else known.repair.call.api
