"""Plans in files: saved by `plan --out`, checked and carried out by `apply`.

A saved plan is what a person has read and agreed to. It is carried out as it is, or refused when
anything that it names is no longer as it was.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.options.groups import Narrow
from orgrollout.cli.terminal.files import cannot_write, must_be_writable, replace_file
from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import Region, digest_of
from orgrollout.plan.build.request import Request
from orgrollout.plan.build.waves import units
from orgrollout.plan.checks.plan_rules import judged
from orgrollout.plan.checks.saved_plan_check import come_up_since, moved_since
from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.report.layout.words import count

FORMAT_VERSION = 1
_HEAD = '{"format_version":'  # every saved plan begins so, and no manifest does
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a plan is made of, as the command line has it."""

    manifest: Path
    narrow: Narrow
    allow_removals: int | None
    destroy: bool = False
    allow_departed: int | None = None
    recover_inoperable: bool = False
    refresh: Refresh = Refresh.INCREMENTAL  # how to look; the plan is the same


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

    asked: Options
    plan: Plan

    def must_be_meant_for(self, organization: str, home: Region) -> None:
        """Refuse to carry the plan out anywhere but where it was made for.

        Raises:
            SavedPlanError: It is another organization's, or another home Region's.
        """
        meant = self.plan.organization, self.plan.home_region
        if meant != (organization, home):
            raise SavedPlanError(
                f"the plan is for {meant[0]} in {meant[1]}, and {organization} in {home} is "
                "called. Nothing was sent. Name the place that is meant by --profile and "
                "--home-region."
            )

    def checked_against(self, now: Request) -> Plan:
        """Return the plan as it was saved, with a warning for what has come up since.

        Raises:
            StalePlanError: Something that the plan names has changed.
        """
        now = now.compared()
        moved = list(moved_since(self.plan, now))
        if moved:
            raise StalePlanError(moved)
        more = come_up_since(self.plan, now)
        # By the units of now: an account that moved since may be where a rule refuses it.
        moved_units = units(now.organization, self.plan.operations)
        plan = judged(replace(self.plan, units=moved_units), now.manifest, now.now)
        if not more:
            return plan
        warning = (
            f"{count(more, 'more stack instance')} would change by now. This plan leaves that "
            "alone; plan again after it."
        )
        return replace(plan, warnings=(*plan.warnings, warning))


def must_be_free(path: Path) -> None:
    """Refuse to save a plan over anything but an empty file or an older plan.

    Raises:
        OutputError: It is a folder or a symbolic link.
        SavedPlanError: Something else is there, such as the manifest itself.
    """
    must_be_writable(path)
    try:
        free = not path.exists() or (path.is_file() and _begins_as_plan(path))
    except OSError as error:
        raise cannot_write(path, error) from error
    if not free:
        raise SavedPlanError(
            f"{path} exists and is no saved plan, so nothing is written over it. "
            "Name another file for --out."
        )


def save_plan(path: Path, asked: Options, plan: Plan) -> None:
    """Write a plan, readable by its owner only, to be given to `apply`.

    Raises:
        OutputError: The file cannot be written.
        SavedPlanError: It would take the place of something else.
    """
    must_be_free(path)
    document = {
        "format_version": FORMAT_VERSION,
        "manifest": _seen_from(path, asked.manifest),
        "narrow": asdict(asked.narrow),
        "allow_removals": asked.allow_removals,
        "allow_departed": asked.allow_departed,
        "destroy": asked.destroy,
        "recover_inoperable": asked.recover_inoperable,
        "plan": plan_document(plan),
    }
    text = json.dumps({**document, "digest": digest_of(document)}, separators=(",", ":"))
    replace_file(path, [text])


def read_saved(asked: Options) -> Saved | None:
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
    if document.pop("digest", None) != digest_of(document):
        raise SavedPlanError(
            f"{path} is not as it was written: it was edited, or it was damaged on its "
            "way. Nothing was sent. Plan again."
        )
    allowed = (asked.allow_removals, asked.allow_departed) != (None, None)
    if not asked.narrow.is_empty or allowed or asked.recover_inoperable:
        raise WrongUsageError(
            f"{path} is a saved plan: what it does is in it already. Leave out --account, --ou, "
            "--region, --stack-set, --allow-removals, --allow-departed and --recover-inoperable, "
            "or plan again with them."
        )
    try:
        plan = read_plan(document.pop("plan"))
        made = _options().validate_python({**document, "refresh": asked.refresh})
        return Saved(asked=replace(made, manifest=_manifest_of(path, made.manifest)), plan=plan)
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise SavedPlanError(
            f"{path} is damaged, or was made by another version{_where(error)}. Nothing was sent. "
            "Plan again."
        ) from error


@cache
def _options() -> TypeAdapter[Options]:
    return TypeAdapter(Options)


def _where(error: Exception) -> str:
    """Return which field is damaged, where that is known. A value may be secret."""
    if not isinstance(error, ValidationError):
        return ""
    place = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"]))
    return f" (at {place})" if place else ""


def _seen_from(path: Path, manifest: Path) -> str:
    """Return where the manifest is, from the folder of the plan: both may be moved together."""
    there = manifest.parent.resolve() / manifest.name
    return os.path.relpath(there, path.parent.resolve())


def _manifest_of(path: Path, named: Path) -> Path:
    there = path.resolve().parent / named
    manifest = there.parent.resolve() / there.name
    if not manifest.is_file():
        raise SavedPlanError(
            f"{path} is a plan for {manifest}, and there is no such file. Nothing was sent. Put "
            "the manifest there or the plan back beside it, or plan again."
        )
    return manifest


def _begins_as_plan(path: Path) -> bool:
    return path.stat().st_size == 0 or _begins_with_head(path)


def _begins_with_head(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD.encode()


def _document(path: Path) -> dict[str, Any] | None:
    """Return the document of a saved plan; nothing where it is no plan, but a manifest.

    Raises:
        SavedPlanError: It was a plan, and is whole no more.
    """
    try:
        if not path.is_file() or not _begins_with_head(path):  # a pipe is read once
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None  # reading it as a manifest tells what is wrong
    try:
        document: dict[str, Any] = json.loads(text)
    except (RecursionError, ValueError) as error:
        raise SavedPlanError(
            f"{path} is a saved plan of which a part is missing or overwritten ({error}). Nothing "
            "was sent. Copy it again, or plan again."
        ) from error
    return document
