"""`init`: a manifest to start from, or one of what exists. Overwrites nothing."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from orgrollout.bootstrap.describe import describe
from orgrollout.bootstrap.describing import Described
from orgrollout.bootstrap.starter import starter_manifest
from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.shared import Reach
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.files import cannot_write, create_file, is_there
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.schema import ManifestName
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.reconcile.advice.existing_stack_sets import list_what_exists, with_overrides
from orgrollout.report.words import count

_HOME = "us-east-1"


class InitError(OrgRolloutError):
    """The files could not be written. Nothing was overwritten."""


def init(file: Path, reach: Reach, *, name: str, from_aws: bool, stack_sets: Sequence[str]) -> int:
    """Write a manifest; 3 where a person has to complete it."""
    screen = Screen()
    _check(name, reach.home_region)
    _refuse_existing([file])
    if from_aws:
        return _from_aws(file, reach, screen, name=name, stack_sets=stack_sets)
    if stack_sets:
        raise WrongUsageError("--stack-set goes with --from-aws.")
    text = starter_manifest(name=name, organization=None, home_region=reach.home_region or _HOME)
    _write({file: text})
    screen.say(f"Wrote {file}. Change `organization`, then: orgrollout validate {file}")
    return DONE


def _from_aws(
    file: Path, reach: Reach, screen: Screen, *, name: str, stack_sets: Sequence[str]
) -> int:
    with open_session(reach, screen, read_only=True) as session:
        session.say_who()
        with screen.working():
            listed = list_what_exists(session.planning, name, stack_sets, screen.progress)
            # Before each stack instance is described, which may take hours.
            _refuse_existing([file.parent / each for each in describe(listed).templates])
            made = describe(with_overrides(session.planning, listed, screen.progress))
    files = {file.parent / each: text for each, text in made.templates.items()}
    _refuse_existing(files)
    _write({file: made.manifest, **files})
    return _tell(screen, file, made, session.options)


def _tell(screen: Screen, file: Path, made: Described, options: str) -> int:
    templates = count(len(made.templates), "template")
    screen.say(f"Wrote {file} and {templates}.")
    for name, why in made.left_out.items():
        screen.say(f"left out: {name}: {why}")
    if made.open_values:
        screen.say(f"A person has to write {count(len(made.open_values), 'value')}, see there:")
        for place in made.open_values:
            screen.say(f"  {place}")
        return FINDINGS
    if not made.templates:
        screen.say(f"There was nothing to describe: write a stack set into {file}.")
        return FINDINGS
    if made.changes:
        screen.say(f"`orgrollout plan {file}{options}` shows what it would change:")
        for change in made.changes:
            screen.say(f"  {change}")
        return DONE
    screen.say(f"`orgrollout plan {file}{options}` shows that it changes nothing.")
    return DONE


def _check(name: str, home: str | None) -> None:
    """Refuse what the manifest itself would be refused for."""
    try:
        TypeAdapter(ManifestName).validate_python(name)
    except ValidationError:
        raise WrongUsageError(
            f"--name {name}: a manifest's name has letters, digits and hyphens, a letter first, "
            "and at most 40 of them. Nothing was written."
        ) from None
    if home is not None and home not in PARTITIONS:
        hint = did_you_mean(home, PARTITIONS, "Write one such as us-east-1.")
        raise WrongUsageError(f"--region {home}: there is no such Region. {hint}")


def _refuse_existing(files: Iterable[Path]) -> None:
    for file in files:
        if is_there(file):
            raise InitError(f"{file} exists already; nothing was written. Name another file.")


def _write(files: Mapping[Path, str]) -> None:
    for file, text in files.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(file, error) from error
        create_file(file, text.encode())  # a template is compared to the byte
