"""What a command works with: a connection, a journal and a clock, in AWS or in a sandbox."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orgrollout.aws.calls import Sent
from orgrollout.aws.clock import Clock
from orgrollout.aws.connection import Connection, connect
from orgrollout.aws.organizations import describe_organization
from orgrollout.aws.stack_sets import StackSets
from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.options import Reach
from orgrollout.cli.sandboxes import sandbox_of
from orgrollout.cli.screen import Screen
from orgrollout.journal.place import journal_path
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.stack_set import CallAs
from orgrollout.reconcile.world import World

IN_PROCESS = "sandbox://in-process"  # no journal of AWS, or of a server, is ever kept under it


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command's way to AWS. ``planning`` cannot write; both count calls together."""

    screen: Screen
    world: World
    planning: World
    journal: Path
    simulated: bool

    @property
    def connection(self) -> Connection:
        """Return the connection that everything goes through."""
        return self.world.connection

    def say_who(self) -> None:
        """Tell who is calling, as what in which organization, and where the journal is."""
        identity = self.connection.identity
        organization, management = describe_organization(self.connection)
        if identity.account == management:
            what = f"management account of {organization}"
        elif self.planning.stack_sets.call_as is CallAs.DELEGATED_ADMIN:
            what = f"delegated admin of {organization}"
        else:
            what = f"member of {organization}"
        where = f"{self.connection.home_region}, journal {self.journal}"
        if self.simulated:
            where = f"{self.connection.home_region}, simulated: nothing here is real"
        self.screen.say(f"as {identity.arn}, {what}, {where}", "dim")


@contextmanager
def open_session(
    reach: Reach, screen: Screen, *, loaded: LoadedManifest | None = None, read_only: bool = False
) -> Iterator[Session]:
    """Give a session for a manifest, or for a journal alone."""
    with ExitStack() as stack:
        clock: Clock | None = None
        if reach.sandbox is not None:
            sandbox = stack.enter_context(sandbox_of(reach))
            clock = sandbox.clock
        manifest = loaded.manifest if loaded else None
        connection = connect(
            profile=None if clock else reach.profile,
            region=reach.home_region or (manifest.home_region if manifest else None),
            clock=clock,
            read_only=read_only,
            on_sent=_tell(screen) if reach.debug else None,
        )
        path = _journal(reach, loaded, connection, stack)
        journal = SqliteJournal(path)
        stack.callback(journal.close)
        call_as = manifest.call_as if manifest else "auto"
        reading = connection.planning()
        yield Session(
            screen=screen,
            world=World(
                connection=connection,
                stack_sets=StackSets(connection, call_as=call_as),
                journal=journal,
                clock=connection.clock,
            ),
            planning=World(
                connection=reading,
                stack_sets=StackSets(reading, call_as=call_as),
                journal=journal,
                clock=connection.clock,
            ),
            journal=path,
            simulated=clock is not None,
        )


def _journal(
    reach: Reach, loaded: LoadedManifest | None, connection: Connection, stack: ExitStack
) -> Path:
    if reach.sandbox is not None:
        if reach.journal is not None:
            raise WrongUsageError(
                "--journal does not go with --sandbox: an organization inside this process is "
                "forgotten when it ends, and so is its journal. Leave out --journal, or run "
                "`orgrollout sandbox serve` and set AWS_ENDPOINT_URL."
            )
        base: Path | None = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="orgrollout-"))
        )
    else:
        base = _chosen(reach, loaded)
    endpoint = IN_PROCESS if reach.sandbox is not None else connection.endpoint
    return journal_path(base, connection.identity.account, connection.home_region, endpoint)


def _chosen(reach: Reach, loaded: LoadedManifest | None) -> Path | None:
    """Return the folder or file that was named: on the command line, else in the manifest."""
    if reach.journal is not None:
        if "://" in reach.journal:
            raise WrongUsageError(
                f"--journal {reach.journal}: a journal is a folder or a file; S3 is not "
                "supported yet."
            )
        return Path(reach.journal).expanduser()
    if loaded is not None and loaded.manifest.journal is not None:
        return loaded.path.parent / Path(loaded.manifest.journal).expanduser()
    return None


def _tell(screen: Screen) -> Callable[[Sent], None]:
    def tell(sent: Sent) -> None:
        again = f", attempt {sent.attempt}" if sent.attempt > 1 else ""
        error = f", {sent.error}" if sent.error else ""
        took = f"{sent.took.total_seconds() * 1000:,.0f} ms"
        screen.errors.print(
            f"call {sent.service}:{sent.operation} {took}{again}{error}", style="dim"
        )

    return tell
