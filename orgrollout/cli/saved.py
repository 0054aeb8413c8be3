"""Plans in files: saved by `plan --out`, checked and carried out by `apply`.

A saved plan is what somebody has read and agreed to. It is carried out as it is, or refused when
anything that it names is no longer as it was.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.options import Narrow
from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import StackSetKey
from orgrollout.plan.compare import definition_differences
from orgrollout.plan.document import plan_document, read_plan
from orgrollout.plan.plan import Plan, PlannedStackSet, StackSetChange

FORMAT_VERSION = 1
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a plan is made of, as the command line has it."""

    manifest: Path
    narrow: Narrow
    allow_removals: int | None


class SavedPlanError(OrgRolloutError):
    """The file holds no plan that this version can carry out. Nothing was sent to AWS."""


class StalePlanError(OrgRolloutError):
    """What the plan touches is no longer as it was. Nothing was sent to AWS."""

    def __init__(self, moved: list[str]) -> None:
        shown = [f"  {text}" for text in moved[:_SHOWN]]
        if len(moved) > _SHOWN:
            shown.append(f"  and {len(moved) - _SHOWN:,} more")
        super().__init__(
            "since the plan was made, what it touches has changed; nothing was applied. "
            "Run `orgrollout plan` again.\n" + "\n".join(shown)
        )
        self.moved = tuple(moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A plan that was read from a file, and what it was made of."""

    asked: Asked
    plan: Plan

    def checked_against(self, fresh: Plan) -> Plan:
        """Return the plan as it was saved, with a warning for what has come up since.

        Raises:
            StalePlanError: Something that the plan names has changed.
        """
        moved = list(moved_since(self.plan, fresh))
        if moved:
            raise StalePlanError(moved)
        known = {(o.stack_set, pair) for o, pair, _ in self.plan.changes()}
        more = sum(1 for o, pair, _ in fresh.changes() if (o.stack_set, pair) not in known)
        if not more:
            return self.plan
        warning = (
            f"{more:,} more stack instances would change by now. This plan leaves them alone; "
            "plan again after it."
        )
        return replace(self.plan, warnings=(*self.plan.warnings, warning))


def save_plan(path: Path, asked: Asked, plan: Plan) -> None:
    """Write a plan, readable by its owner only, to be given to `apply`.

    Raises:
        SavedPlanError: The file cannot be written.
    """
    document = {
        "format_version": FORMAT_VERSION,
        "manifest": str(asked.manifest),
        "narrow": asdict(asked.narrow),
        "allow_removals": asked.allow_removals,
        "plan": plan_document(plan),
    }
    try:
        path.touch(mode=0o600)
        path.write_text(json.dumps(document), encoding="utf-8")
    except OSError as error:
        raise SavedPlanError(f"cannot write {path}: {error.strerror or error}.") from error


def read_saved(asked: Asked) -> Saved | None:
    """Return the saved plan that `apply` was given, or nothing where it was given a manifest.

    Raises:
        SavedPlanError: It is a plan, and this version cannot carry it out.
        WrongUsageError: Options were given that would make it another plan.
    """
    path = asked.manifest
    document = _document(path)
    if document is None:
        return None
    if document["format_version"] != FORMAT_VERSION:
        version = document["format_version"]
        raise SavedPlanError(
            f"{path} has format_version {version}, and this version of orgrollout knows "
            f"{FORMAT_VERSION}. Plan again with this version."
        )
    if not asked.narrow.is_empty or asked.allow_removals is not None:
        raise WrongUsageError(
            f"{path} is a saved plan: what it does is in it already. Leave out --account, --ou, "
            "--region, --stack-set and --allow-removals, or plan again with them."
        )
    try:
        made = Asked(
            manifest=Path(document["manifest"]),
            narrow=Narrow(**document["narrow"]),
            allow_removals=document["allow_removals"],
        )
        return Saved(asked=made, plan=read_plan(document["plan"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SavedPlanError(
            f"{path} is damaged, or was made by another version. Plan again."
        ) from error


def moved_since(saved: Plan, fresh: Plan) -> Iterator[str]:
    """Yield what a plan made now says otherwise of what the saved one touches."""
    for what in ("manifest", "organization", "home_region"):
        was, now = getattr(saved, what), getattr(fresh, what)
        if was != now:
            yield f"{what.replace('_', ' ')}: was {was}, is {now}"
    changed: set[StackSetKey] = set()
    touched = {operation.stack_set for operation in saved.operations}
    for key, stack_set in saved.stack_sets.items():
        if key not in touched and stack_set.change is StackSetChange.NONE:
            continue
        for text in _stack_set_moved(stack_set, fresh.stack_sets.get(key)):
            changed.add(key)
            yield f"{key}: {text}"
    yield from _pairs_moved(saved, fresh, changed)


def _stack_set_moved(saved: PlannedStackSet, fresh: PlannedStackSet | None) -> Iterator[str]:
    if fresh is None:
        yield "the manifest no longer has it"
        return
    if fresh.name != saved.name:
        yield f"it is called {fresh.name} now, and was {saved.name}"
    if fresh.definition != saved.definition:
        differing = definition_differences(saved.definition, fresh.definition)
        yield f"its definition: {', '.join(differing) or 'how it is run'}"
    if (fresh.change, fresh.differences) != (saved.change, saved.differences):
        yield f"what is deployed: it was to be {_word(saved)}, and is to be {_word(fresh)} now"


def _word(stack_set: PlannedStackSet) -> str:
    differing = f" ({', '.join(stack_set.differences)})" if stack_set.differences else ""
    words = {
        StackSetChange.CREATE: "created",
        StackSetChange.UPDATE: "updated",
        StackSetChange.DELETE: "deleted",
        StackSetChange.NONE: "left as it is",
    }
    return f"{words[stack_set.change]}{differing}"


def _pairs_moved(saved: Plan, fresh: Plan, explained: set[StackSetKey]) -> Iterator[str]:
    """Yield the pairs of stack sets that are the same, and that are to become something else."""
    now = {(o.stack_set, pair): (o.action, o.state, reason) for o, pair, reason in fresh.changes()}
    for operation, pair, reason in saved.changes():
        key = operation.stack_set
        if key in explained:
            continue
        found, place = now.get((key, pair)), f"{key} {pair}"
        if found is None:
            yield f"{place}: was to {operation.action}, and nothing is left to do"
        elif found[:2] != (operation.action, operation.state):
            yield f"{place}: was to {operation.action}, and is to {found[0]} otherwise"
        elif found[2] != reason:
            yield f"{place}: {found[2]} (was: {reason})"


def _document(path: Path) -> dict[str, Any] | None:
    """Return the document of a saved plan; a manifest is YAML and has no `plan`."""
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if text.lstrip().startswith("{") else None
    except (OSError, ValueError):
        return None
    is_plan = isinstance(document, dict) and {"format_version", "plan"} <= document.keys()
    return document if is_plan else None
