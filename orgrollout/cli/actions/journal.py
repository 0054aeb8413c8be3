"""`unlock`, `journal export`, `journal prune`."""

from pathlib import Path

from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.files import (
    cannot_write,
    is_device,
    must_be_writable,
    replace_file,
)
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import OrgRolloutError
from orgrollout.journal.errors import JournalError
from orgrollout.journal.export import export_journal
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.reconcile.documents.rollouts import find_rollout
from orgrollout.reconcile.lifecycle.begin import unlock as unlock_rollout
from orgrollout.reconcile.lifecycle.prune import prune_journal
from orgrollout.report.layout.blocks import Line
from orgrollout.report.layout.words import count

_SQLITE = b"SQLite format 3\0"  # how such a file begins (sqlite.org/fileformat.html, 1.3)


class ExportError(OrgRolloutError):
    """The file would take the place of a journal. Nothing was written."""


def unlock(name: str | None, reach: Reach, format_: str, *, force: bool) -> int:
    """Take a rollout's claims and lease away."""
    if not force:
        raise WrongUsageError(
            "`unlock` cuts off whatever still drives the rollout, and lets another one begin on "
            "its stack sets; nothing was changed. `orgrollout stop` is the usual way to end one. "
            "Add --force where that is not possible."
        )
    screen = Screen(format_)
    with open_session(reach, screen) as session:
        found = find_rollout(session.context.journal, name, only_open=True)
        session.say_who()
        context = session.context
        released = unlock_rollout(context.journal, found.state.id, context.said("unlock"))
    text = f"{found.state.id} is unlocked: {', '.join(released) or 'it had claimed nothing'}."
    document = {"rollout": found.state.id, "unlocked": list(released)}
    screen.result([Line(text=text)], document)
    return DONE


def export(reach: Reach, out: Path | None) -> int:
    """Write the whole journal as JSON."""
    screen = Screen("json")
    if out is not None:
        _must_not_be_a_database(out)
    with open_session(reach, screen) as session:
        pieces = export_journal(session.context.journal)
        if out is None:
            screen.pieces(pieces)
            return DONE
        replace_file(out, pieces)
    screen.say(f"Exported to {out}.")
    return DONE


def prune(reach: Reach, format_: str, *, keep: int) -> int:
    """Forget old rollouts."""
    screen = Screen(format_)
    with open_session(reach, screen) as session:
        context = session.context
        context.connection.be_sure_of_the_time()  # what ended lately stays
        removed = prune_journal(context.journal, keep=keep, now=context.clock.now())
        freed, why = _shrunk(context.journal)
    names = ", ".join(removed.rollouts)
    text = f"forgot {count(len(removed.rollouts), 'rollout')}{': ' if names else ''}{names}"
    if removed.findings:
        text += f"; {count(removed.findings, 'finding')} of drift that is gone"
    text += f"; {freed / 1_000_000:,.1f} MB of disk given back" if freed > 0 else ""
    text += f"; no disk was given back: {why}" if why else ""
    document = {
        "freed_bytes": freed,
        "rollouts": list(removed.rollouts),
        "plans": removed.plans,
        "findings": removed.findings,
        "detections": removed.detections,
    }
    screen.result([Line(text=text)], document)
    return DONE


def _must_not_be_a_database(out: Path) -> None:
    """Refuse a file that the export cannot or must not replace."""
    must_be_writable(out)
    if is_device(out) or not out.exists():
        return
    try:
        with out.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise cannot_write(out, error) from error
    if is_database:
        raise ExportError(
            f"{out} is a database, perhaps the journal itself; nothing was written. "
            "Name another file for --out."
        )


def _shrunk(journal: Journal) -> tuple[int, str]:
    """Return how many bytes of disk were given back, and why none were, if something failed."""
    if not isinstance(journal, SqliteJournal):
        return 0, ""  # what is deleted in a bucket takes no room
    try:
        return journal.shrink(), ""
    except JournalError as error:
        return 0, str(error)
