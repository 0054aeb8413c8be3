"""`status --web`: the page of a rollout in a browser of this machine, as the rollout moves."""

import json
import time
from datetime import timedelta

from pydantic_core import PydanticCustomError

from orgrollout.cli.actions.rollout.follow import CODES
from orgrollout.cli.actions.rollout.next_steps import (
    commands_for,
    other_driver,
    runs_alone,
    waits_for_approval,
)
from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.live.board import Board
from orgrollout.cli.live.server import LiveServer, serving
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drivers.outage import PASSING
from orgrollout.manifest.text.values import duration
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.report.layout.words import span
from orgrollout.report.page.html import page_html

_INTERVAL = 1.0  # seconds between two looks at the journal
_RESTS = 3  # times as long as a page took to make, so that a large one leaves the machine alone
_UNSEEN = 60.0  # seconds without a sign of a driver; two ticks are 30 s apart at most
_LAST_WORD = 10.0  # seconds that readers have to hear how it ended
_LAST_DOCUMENT = 1.0  # and then to read the last document


def status_web(name: str | None, reach: Reach, *, at_most: str) -> int:
    """Serve the page until the rollout is over, or as long as was asked for."""
    limit = _limit(at_most)
    screen = Screen()
    with open_session(reach, screen, read_only=True) as session:
        rollout = session.client.rollout(name)
        if rollout.state.phase.is_over:
            screen.say(
                f"{rollout.state.id} is over ({rollout.state.outcome}): there is nothing to "
                f"follow. Its page: orgrollout report {rollout.state.id}{session.options} "
                "--out page.html"
            )
            return CODES[rollout.state.outcome]
        board = Board()
        _draw(rollout, board, session)
        with serving(board) as server:
            screen.say(f"{rollout.state.id}: {server.address}")
            screen.say(
                "It is for this machine alone, and changes nothing. It ends with the rollout, "
                f"after {span(limit)}, or with Ctrl-C.",
                "dim",
            )
            rollout = _follow(rollout, session, board, limit)
            ended = rollout.state.phase.is_over
            why = f"{rollout.state.id}: {rollout.state.outcome}"
            board.end(why if ended else f"{span(limit)} are over; {why}")
            _last_word(server)
        screen.say(why if ended else f"Not followed any more; the rollout is as it was. {why}")
        return CODES[rollout.state.outcome]


def _limit(text: str) -> timedelta:
    try:
        return duration(text)
    except PydanticCustomError as error:
        raise WrongUsageError(f"--for {text}: {error.message()}") from error


def _follow(rollout: Rollout, session: Session, board: Board, limit: timedelta) -> Rollout:
    """Return the rollout when it is over, or when the time is. A person reads in real time."""
    began = time.monotonic()
    drivers = Drivers()
    told = ""
    while not rollout.state.phase.is_over:
        left = limit.total_seconds() - (time.monotonic() - began)
        if left <= 0:
            break
        time.sleep(min(_INTERVAL, left))
        latest = _latest(rollout, session)
        seen = other_driver(latest, session.context.clock.now())
        alone = "" if waits_for_approval(latest) else runs_alone(latest)
        note = drivers.told(seen, time.monotonic(), alone)
        if latest.version != rollout.version or note != told:
            rollout, told = latest, note
            made = time.monotonic()
            _draw(rollout, board, session, note)
            time.sleep(_RESTS * (time.monotonic() - made))
    return rollout


def _latest(rollout: Rollout, session: Session) -> Rollout:
    """Return the rollout as the journal has it; where that is away just now, as it was."""
    try:
        return load_rollout(session.context.journal, rollout.state.id)
    except PASSING:
        return rollout


class Drivers:
    """Which process drives a rollout, as far as that shows: between two ticks it may not."""

    def __init__(self) -> None:
        self._last = ""
        self._seen: float | None = None

    def told(self, seen: str, now: float, alone: str) -> str:
        """Return what there is to say at a moment in seconds.

        ``seen`` is who shows, if any; ``alone`` is what goes on without a driver, and is empty
        where a rollout waits for a person, so that it needs none.
        """
        if seen:
            self._last = seen
        if seen or not alone or self._seen is None:
            self._seen = now
        if not alone and not seen:
            self._last = ""
        if now - self._seen > _UNSEEN:
            return (
                f"No process is seen to drive this rollout: {alone}. Nothing else starts until "
                "one does: see the command `resume` below."
            )
        return f"{self._last} drives it." if self._last else ""


def _draw(rollout: Rollout, board: Board, session: Session, note: str = "") -> None:
    document = session.client.rollout_page(
        rollout, commands=commands_for(rollout, session), notes=[note] if note else []
    )
    board.show(page_html(document, live=True).encode(), json.dumps(document).encode())


def _last_word(server: LiveServer) -> None:
    server.wait_for_readers(_LAST_WORD)
    time.sleep(_LAST_DOCUMENT)
