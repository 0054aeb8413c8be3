"""How a plan is carried out: waves with one selector each, and preferences that do not clash."""

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.loaded import PREREQUISITES, REMOVALS, REST
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.schema import Preferences, Wave
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.shorthand import did_you_mean

SELECTORS = ("sample", "percent", "accounts", "organizational_units", "tags")


def check_rollout(checking: Checking) -> None:
    """Note waves and preferences that cannot be meant."""
    seen: set[str] = set()
    reached = 0
    for i, wave in enumerate(checking.manifest.rollout.waves):
        path: FieldPath = ("rollout", "waves", i)
        if wave.name in seen:
            message = f"a wave is called {wave.name} already."
            checking.note((*path, "name"), message, "Choose another name.")
        if wave.name in {PREREQUISITES, REST, REMOVALS}:
            message = f"every plan has a wave {wave.name} of its own."
            checking.note((*path, "name"), message, "Choose another name.")
        seen.add(wave.name)
        _check_selectors(checking, path, wave)
        _check_gate(checking, (*path, "after"), wave)
        if wave.operation_preferences is not None:
            place: FieldPath = (*path, "operation_preferences")
            _check_preferences(checking, place, wave.operation_preferences)
        if wave.percent is not None and wave.percent <= reached:
            message = (
                f"an earlier wave reaches {reached} percent, so no account is left for "
                f"{wave.percent}."
            )
            checking.note((*path, "percent"), message, "Percentages are cumulative; raise it.")
        reached = max(reached, wave.percent or 0)
    preferences = checking.manifest.rollout.operation_preferences
    _check_preferences(checking, ("rollout", "operation_preferences"), preferences)


def _check_selectors(checking: Checking, path: FieldPath, wave: Wave) -> None:
    given = [name for name in SELECTORS if getattr(wave, name) is not None]
    if not given:
        checking.note(path, "selects no account.", f"Add one of {', '.join(SELECTORS)}.")
    elif len(given) > 1:
        message = f"has {len(given)} selectors: {', '.join(given)}."
        checking.note(path, message, "Keep one, or make a wave of each.")
    if wave.tags is not None and not wave.tags:
        checking.note((*path, "tags"), "is empty.", "Write {key: value}.")
    for i, name in enumerate(wave.accounts or ()):
        checking.check_account((*path, "accounts", i), name)


def _check_gate(checking: Checking, path: FieldPath, wave: Wave) -> None:
    gate = wave.after
    if gate.not_by is not None and gate.approval is None:
        message = "says who may not approve, and no approval is asked for."
        checking.note((*path, "not_by"), message, "Add `approval: required`.", key=True)
    if gate.alarm is not None and gate.soak is None:
        message = "is watched while the wave soaks, and it does not soak."
        checking.note((*path, "alarm"), message, "Add `soak: 30m`.", key=True)


def _check_preferences(checking: Checking, path: FieldPath, preferences: Preferences) -> None:
    for limit in ("max_concurrent", "failure_tolerance"):
        count, percentage = f"{limit}_count", f"{limit}_percentage"
        if getattr(preferences, count) is not None and getattr(preferences, percentage) is not None:
            message = f"cannot stand beside {percentage}."
            checking.note((*path, count), message, "Keep one of them.", key=True)
    for i, name in enumerate(preferences.region_order):
        if name not in PARTITIONS:
            message = f"there is no Region `{name}`."
            fix = did_you_mean(name, PARTITIONS, "Write one such as us-east-1.")
            checking.note((*path, "region_order", i), message, fix)
