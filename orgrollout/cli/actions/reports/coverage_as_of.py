"""`coverage --as-of`: the ledger of a past moment, from the journal alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, timedelta

from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.session import Session
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.organization.snapshot import Organization
from orgrollout.report.coverage import About
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.layout.words import zoned
from orgrollout.rollout.as_of import PastLedger
from orgrollout.rollout.coverage import CoverageRow

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A ledger to show: of now, or of a past moment."""

    rows: tuple[CoverageRow, ...]
    organization: Organization
    about: About
    opening: tuple[Block, ...] = ()  # what a reader must know before
    detect: str | None = None  # the command that looks for drift; None: of a past moment


def ledger_as_of(text: str, loaded: LoadedManifest, session: Session) -> Ledger:
    """Return the ledger of a rollout's end, or of a moment.

    Raises:
        WrongUsageError: There is no such rollout, or no such moment.
        NoSuchRolloutError: The journal tells nothing of that moment.
    """
    now = session.connection.clock.now()
    until = _moment(text, now) if _DAY.match(text) else _end(text, loaded, session)
    found = session.client.past_coverage(loaded, until)
    return Ledger(
        rows=found.rows,
        organization=found.organization,
        about=About(
            manifest=loaded.manifest.name,
            made=until or now,
            narrowed=found.read is None,
            as_of=text,
            read=found.read.at if found.read else None,
        ),
        opening=tuple(_opening(text, found, now)),
    )


def _moment(text: str, now: datetime) -> datetime:
    """Return a moment; of a day, its end. What names no distance from UTC is meant where one is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUsageError(
            f"--as-of {text}: there is no such day or moment. Write a rollout's name, a day such "
            "as 2026-11-02, or a moment such as 2026-11-02T08:00+00:00."
        ) from error
    if found.year in {MINYEAR, MAXYEAR}:  # a day more, or an hour less, is no date any more
        raise WrongUsageError(
            f"--as-of {text}: there was no rollout in that year. Name a moment that has been."
        )
    if _DAY.fullmatch(text):
        found += timedelta(days=1)
    found = found if found.tzinfo else found.astimezone()
    if _DAY.fullmatch(text) and found - timedelta(days=1) <= now:
        return min(found, now)
    if found > now:
        raise WrongUsageError(f"--as-of {text} is still to come. Name a moment that has been.")
    return found


def _end(name: str, loaded: LoadedManifest, session: Session) -> datetime | None:
    """Return when a rollout ended; nothing where it has not."""
    known = {str(each.id): each for each in session.client.rollouts_of(loaded)}
    if name not in known:
        hint = did_you_mean(name, known, "`orgrollout rollouts` lists them.")
        raise WrongUsageError(
            f"--as-of {name}: {loaded.manifest.name} has no rollout of that name in this journal. "
            f"{hint}"
        )
    found = known[name]
    return found.ended if found.phase.is_over else None


def _opening(text: str, found: PastLedger, now: datetime) -> Iterator[Block]:
    """Yield of when the ledger is, and what it cannot know."""
    yield Line(text=f"as of {text}: {zoned(found.until or now)}, from the journal alone")
    if found.read is None:
        yield Line(
            text="no plan of that time tells how all stood (plans of older versions do not): what "
            "no rollout touched is not listed, and what nothing tells is unknown",
            style="yellow",
        )
    else:
        yield Line(
            text=f"what no rollout touched since is as it was read at {zoned(found.read.at)}; what "
            "others changed since then is not in the journal",
            style="dim",
        )
    yield Line(
        text="drift and posture of that time are not in it, but for drift that was known "
        "when it was read",
        style="dim",
    )
