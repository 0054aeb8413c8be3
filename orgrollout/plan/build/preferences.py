"""How fast the operations of a wave may move, how much failure they absorb, and why.

CloudFormation counts failed accounts per Region and operation; a manifest's budget counts accounts
of a wave, after retries. So the budget is what one operation may absorb in any one Region, and
whether the wave as a whole is within it is decided when its operations have landed.
"""

from dataclasses import replace

from orgrollout.manifest.schema import Manifest, Preferences
from orgrollout.model.ids import Region
from orgrollout.model.operation import OperationPreferences
from orgrollout.plan.model.plan import PlannedWave


def wave_preferences(manifest: Manifest, index: int, allowed_failures: int) -> OperationPreferences:
    """Return the preferences of the wave with that index: its own, or else the rollout's.

    A tolerance that is not set is the wave's budget.
    """
    rollout = manifest.rollout
    own = (
        rollout.waves[index - 1].operation_preferences if 0 < index <= len(rollout.waves) else None
    )
    chosen = preferences(own or rollout.operation_preferences)
    tolerance = chosen.failure_tolerance_count, chosen.failure_tolerance_percentage
    if tolerance != (None, None):
        return chosen
    return replace(chosen, failure_tolerance_count=allowed_failures)


def preferences(given: Preferences) -> OperationPreferences:
    """Return operation preferences with our defaults: parallel Regions, soft mode, 25 %."""
    percentage = given.max_concurrent_percentage
    if percentage is None and given.max_concurrent_count is None:
        percentage = 25
    return OperationPreferences(
        max_concurrent_percentage=percentage,
        max_concurrent_count=given.max_concurrent_count,
        failure_tolerance_percentage=given.failure_tolerance_percentage,
        failure_tolerance_count=given.failure_tolerance_count,
        parallel_regions=given.region_concurrency == "parallel",
        region_order=tuple(Region(r) for r in given.region_order),
        strict=given.concurrency_mode == "strict",
    )


def at_a_time(wave: PlannedWave) -> int:
    """Return how many accounts of the wave may be worked on at a time in one Region."""
    allowed = _allowed_at_a_time(wave)
    return min(allowed, tolerated(wave) + 1) if wave.preferences.strict else allowed


def explained(wave: PlannedWave) -> str:
    """Return in words how the operations of a wave run and when CloudFormation gives one up."""
    sent = wave.preferences
    regions = "all Regions at once" if sent.parallel_regions else "one Region after another"
    if sent.region_order and not sent.parallel_regions:
        regions += f" ({', '.join(sent.region_order)} first)"
    failing = tolerated(wave)
    source = "its budget" if failing == wave.allowed_failures else "operation_preferences"
    mode = "strict" if sent.strict else "soft"
    whole = len(wave.accounts)
    accounts = "account" if whole == 1 else "accounts"
    return (
        f"{at_a_time(wave):,} of {whole:,} {accounts} at a time in a Region, {regions}; "
        f"an operation is given up when {_too_many(failing)} ({source}, {mode})"
    )


def _too_many(failing: int) -> str:
    """Return which failures are more than ``failing`` accounts."""
    if failing == 0:
        return "an account of a Region fails"
    if failing == 1:
        return "more than 1 account of a Region fails"
    return f"more than {failing:,} accounts of a Region fail"


def throttled(wave: PlannedWave) -> str | None:
    """Return a warning where strict mode lets fewer accounts run than the preferences ask for."""
    allowed, runs = _allowed_at_a_time(wave), at_a_time(wave)
    if runs >= allowed:
        return None
    return (
        f"wave {wave.name}: strict mode runs {runs:,} accounts at a time and not {allowed:,}, "
        f"since it allows one more than the failure tolerance of {tolerated(wave):,}. Leave out "
        "`concurrency_mode: strict`, or raise the tolerance."
    )


def _allowed_at_a_time(wave: PlannedWave) -> int:
    """Return the limit without regard to the mode; percentages round down, to 1 at least."""
    sent, size = wave.preferences, len(wave.accounts)
    if sent.max_concurrent_count is not None:
        return min(sent.max_concurrent_count, max(size, 1))
    return max(1, size * (sent.max_concurrent_percentage or 0) // 100)


def tolerated(wave: PlannedWave) -> int:
    """Return how many accounts may fail in a Region before an operation is given up."""
    sent = wave.preferences
    if sent.failure_tolerance_count is not None:
        return sent.failure_tolerance_count
    return len(wave.accounts) * (sent.failure_tolerance_percentage or 0) // 100
