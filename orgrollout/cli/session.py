"""What a command works with: a connection, a journal and a clock, in AWS or in a sandbox."""

import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orgrollout import api
from orgrollout.api import Client, Connection, Context
from orgrollout.aws.environment import delegates
from orgrollout.aws.organizations import describe_organization
from orgrollout.cli.errors import OutputError, WrongUsageError
from orgrollout.cli.options.defaults import config_file, from_file
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.sandboxes import simulation_of
from orgrollout.cli.terminal.recording import recorded_in
from orgrollout.cli.terminal.screen import Screen
from orgrollout.cli.terminal.waiting import skew_told_on, waits_told_on
from orgrollout.cli.what_was_started import add_what_was_started, where_it_was_sought
from orgrollout.errors import AccessDeniedError, AwsError
from orgrollout.journal.names import in_folder, named_journal
from orgrollout.journal.place import FILE
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.stack_set import CallAs
from orgrollout.preflight.facts import STACK_SETS_PRINCIPAL
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError, SeveralRolloutsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command's way to AWS. ``planning`` cannot write; both count calls together."""

    screen: Screen
    client: Client  # what programs use, too
    forgets: bool  # an organization inside this process, gone when it ends
    debug: bool  # every call is of interest
    recorded: Callable[[], Sequence[str]] = tuple  # types that a simulation could not make
    options: str  # what other commands need to find the same journal

    @property
    def context(self) -> Context:
        """Return the context of everything that may write."""
        return self.client.context

    @property
    def planning(self) -> Context:
        """Return the context of everything that only reads."""
        return self.client.reading

    @property
    def connection(self) -> Connection:
        """Return the connection that everything goes through."""
        return self.context.connection

    def command(self, name: str, loaded: LoadedManifest | None, *more: str) -> str:
        """Return a command for a manifest as it can be pasted: it finds the same journal.

        Without one, the command takes the manifest in its folder.
        """
        words = ("orgrollout", name, *((loaded.argument,) if loaded else ()), *more)
        return f"{' '.join(words)}{self.options}"

    def detection(self, loaded: LoadedManifest) -> str:
        """Return the command that looks for drift, and for what is in no template."""
        return self.command("drift", loaded, "--detect")

    def say_who(self) -> None:
        """Tell who is calling, as what in which organization, and where the journal is."""
        identity = self.connection.identity
        organization, management = describe_organization(self.connection)
        if identity.account == management:
            what = f"management account of {organization}"
        elif self.planning.stack_sets.call_as is not CallAs.DELEGATED_ADMIN:
            what = f"member of {organization}"
        elif self._is_registered():
            what = f"delegated admin of {organization}"
        else:
            what = f"member of {organization}, not known to be a delegated admin"
        where = f"{self.connection.home_region}, journal {self.client.journal}"
        if self.forgets:
            where = f"{self.connection.home_region}, simulated: nothing here is real"
        self.screen.say(f"as {identity.arn}, {what}, {where}", "dim")

    def _is_registered(self) -> bool:
        """Return whether the caller is known to be registered; who is not may not even ask."""
        try:
            registered = delegates(self.planning.connection, STACK_SETS_PRINCIPAL)
        except AccessDeniedError:
            return False
        return self.connection.identity.account in registered


@contextmanager
def open_session(
    reach: Reach, screen: Screen, *, loaded: LoadedManifest | None = None, read_only: bool = False
) -> Iterator[Session]:
    """Give a session for a manifest, or for a journal alone."""
    with ExitStack() as stack:
        simulation, waits = None, waits_told_on(screen)
        if reach.sandbox is not None:
            simulation = stack.enter_context(simulation_of(reach, waits))
        forgets = simulation is not None and simulation.forgets
        forgotten = _forgotten(reach, stack) if forgets else None
        recorder = stack.enter_context(recorded_in(reach.record, screen))
        client = stack.enter_context(
            api.connect(
                loaded,
                profile=reach.profile,
                home_region=reach.home_region,
                journal=forgotten or _chosen(reach, loaded),
                clock=simulation.clock if simulation is not None else None,
                waits=None if forgets else waits,
                on_skew=skew_told_on(screen),
                recorder=recorder,
                read_only=read_only,
                simulated=simulation is not None,
                progress=screen.progress,
            )
        )
        session = Session(
            screen=screen,
            client=client,
            forgets=forgets,
            debug=reach.debug,
            recorded=simulation.recorded if simulation is not None else tuple,
            options=_options(reach, loaded, forgets=forgets),
        )
        try:
            yield session
        except SeveralRolloutsError:
            raise
        except NoSuchRolloutError as error:
            where = client.journal
            error.add_note(where_it_was_sought(where, session.options, loaded, forgets=forgets))
            raise
        except (AwsError, OutputError) as error:
            if isinstance(error, AwsError) and error.is_of_delegation:
                account = session.connection.identity.account
                how = session.command("bootstrap", loaded, "--delegate", account)
                error.add_note(f"-> `{how}` prints how to register this account.")
            add_what_was_started(error, client.context.journal, "" if forgets else session.options)
            raise


def _forgotten(reach: Reach, stack: ExitStack) -> Journal:
    """Return a journal that ends with the sandbox, so that it never meets one of AWS."""
    if reach.journal is not None:
        raise WrongUsageError(
            "--journal does not go with --sandbox: an organization inside this process is "
            "forgotten when it ends, and so is its journal. Leave out --journal, or start "
            "`orgrollout sandbox serve` and name its URL: --sandbox URL."
        )
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="orgrollout-"))
    journal = SqliteJournal(Path(folder) / FILE)
    stack.callback(journal.close)
    return journal


def _options(reach: Reach, loaded: LoadedManifest | None, *, forgets: bool) -> str:
    """Return the options with which another command finds the same journal, with a blank each."""
    home = reach.home_region or (loaded.home_region if loaded else None)
    if home in {os.environ.get("AWS_REGION"), os.environ.get("AWS_DEFAULT_REGION")}:
        home = None
    given = {
        "--sandbox": reach.sandbox,
        "--profile": reach.profile,
        "--home-region": home,
        "--journal": None if forgets else _chosen(reach, loaded),
    }
    return "".join(_option(name, value) for name, value in given.items() if value is not None)


def _option(name: str, value: str) -> str:
    """Return an option as it is typed; the sandbox that comes along has no value."""
    return f" {name} {shlex.quote(value)}" if value else f" {name}"


def _chosen(reach: Reach, loaded: LoadedManifest | None) -> str | None:
    """Return the journal that was named: on the command line, else in the manifest."""
    if reach.journal is not None:
        if not reach.journal.strip():
            raise WrongUsageError(
                "--journal names nothing: is a variable empty? Name a folder, a file or a bucket, "
                "or leave it out."
            )
        return in_folder(reach.journal, Path())
    if named := named_journal(loaded):
        return named
    if reach.sandbox is None and (kept := from_file("journal")):
        return in_folder(kept, config_file().parent)
    return None
