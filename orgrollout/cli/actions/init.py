"""`init`: a manifest to start from, or one of what exists. Overwrites nothing."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orgrollout.bootstrap.describe import describe
from orgrollout.bootstrap.describing import Described
from orgrollout.bootstrap.organization_facts import OrganizationFacts
from orgrollout.bootstrap.starter import log_archive, manifest_for, starter_manifest
from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.files import cannot_write, create_file, is_there
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import AwsError, MissingRegionError, OrgRolloutError
from orgrollout.manifest.placeholders import placeholders
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.text.forms import NAME
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.reconcile.advice.existing_stack_sets import list_what_exists, with_overrides
from orgrollout.reconcile.advice.organization_facts import read_organization_facts
from orgrollout.report.layout.words import count, enumerated

_HOME = "us-east-1"


class InitError(OrgRolloutError):
    """The files could not be written. Nothing was overwritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `init` was asked for."""

    name: str
    from_aws: bool
    offline: bool
    stack_sets: Sequence[str]


def init(file: Path, reach: Reach, asked: Options) -> int:
    """Write a manifest; 3 where a person has to complete it."""
    screen = Screen()
    _check(asked, reach)
    _refuse_existing([file])
    if asked.from_aws:
        return _from_aws(file, reach, screen, name=asked.name, stack_sets=asked.stack_sets)
    found = None if asked.offline else _organization(reach, screen)
    if found is not None:
        return _of_organization(file, found, screen, asked.name)
    text = starter_manifest(name=asked.name, home_region=reach.home_region or _HOME)
    _write({file: text})
    check = f"orgrollout validate {shlex.quote(str(file))}"
    screen.say(f"Wrote {file}. {_to_change(file, text)}Then: {check}")
    return DONE


def _organization(reach: Reach, screen: Screen) -> tuple[OrganizationFacts, str] | None:
    """Return the organization and the options that lead to it; nothing where none can be read.

    Raises:
        AwsError: A profile or a sandbox was named, and the organization cannot be read there.
    """
    named = reach.profile is not None or reach.sandbox is not None
    try:
        try:
            return _read(reach, screen)
        except MissingRegionError:
            screen.say(f"No home Region is named; {_HOME} is written. Change it if need be.")
            return _read(replace(reach, home_region=_HOME), screen)
    except AwsError as error:
        if named:
            raise
        screen.say(f"The organization could not be read: {error}")
        screen.say("What is written is an example, and nothing in it was read from AWS.")
        return None


def _read(reach: Reach, screen: Screen) -> tuple[OrganizationFacts, str]:
    with open_session(reach, screen, read_only=True) as session:
        session.say_who()
        with screen.working():
            facts = read_organization_facts(session.planning.connection, screen.progress)
        return facts, session.options


def _of_organization(
    file: Path, found: tuple[OrganizationFacts, str], screen: Screen, name: str
) -> int:
    facts, options = found
    text = manifest_for(facts, name=name)
    _write({file: text})
    accounts = count(len(facts.member_accounts), "active member account")
    regions = (
        "enabled Regions unknown (account:ListRegions was denied)"
        if facts.enabled_regions is None
        else count(len(facts.regions_of_all + facts.opt_in_regions), "enabled Region")
    )
    screen.say(
        f"Read organization {facts.organization.id} as {facts.caller}: {accounts}, {regions}."
    )
    chosen = log_archive(facts)
    if chosen is not None:
        screen.say(f"log_archive is {chosen.id}, since it is called {chosen.name}: check that.")
    else:
        screen.say("No account was taken for the log archive: see `accounts` in the file.")
    plan = f"orgrollout plan {shlex.quote(str(file))}{options}"
    screen.say(f"Wrote {file}. {_to_change(file, text)}Then: {plan}")
    return DONE


def _to_change(file: Path, text: str) -> str:
    """Return which values a person has to write, with their lines; nothing where none is left."""
    marked = [f"{each.field} (line {each.line})" for each in placeholders(text, str(file))]
    return f"Change {enumerated(marked)}. " if marked else ""


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


def _check(asked: Options, reach: Reach) -> None:
    """Refuse what does not go together, and what the manifest itself would be refused for."""
    if asked.stack_sets and not asked.from_aws:
        raise WrongUsageError("--stack-set goes with --from-aws.")
    if asked.offline and (asked.from_aws or reach.profile or reach.sandbox is not None):
        raise WrongUsageError(
            "--offline reads nothing: leave out --from-aws, --profile and --sandbox, or --offline."
        )
    if not NAME.fits(asked.name):
        raise WrongUsageError(
            f"--name {asked.name}: a manifest's name has letters, digits and hyphens, a letter "
            "first, and at most 40 of them. Nothing was written."
        )
    home = reach.home_region
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
