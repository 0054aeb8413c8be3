"""A rollout while it runs: lines in a log, and on a terminal also what is running right now."""

from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from orgrollout.aws.transport.clock import Clock
from orgrollout.cli.terminal.screen import Screen
from orgrollout.model.ids import OperationId
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.reconcile.tick.counting import OperationCounter
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.report.layout.words import clock_time, span
from orgrollout.report.rollout.board import board_lines, board_of
from orgrollout.report.rollout.standing import waits
from orgrollout.report.rollout.under_way import under_way
from orgrollout.rollout.state.counted import Counted
from orgrollout.rollout.state.decision import Event, EventKind
from orgrollout.rollout.state.view import RolloutView

_STYLES = {
    EventKind.WAVE: "bold",
    EventKind.STARTED: "dim",
    EventKind.RETRY: "yellow",
    EventKind.BLOCKED: "red",
    EventKind.HALTED: "bold red",
    EventKind.VERIFYING: "dim",
}
_HEARTBEAT = timedelta(seconds=58)  # a minute, and ticks are not that exact
_RESTING = timedelta(minutes=10)  # a soak may last for days
_UNSAID = {EventKind.FINISHED, EventKind.HALTED}  # the end is told in the table that follows


class Progress:
    """Follows a rollout tick by tick."""

    def __init__(
        self,
        screen: Screen,
        rollout: Rollout,
        clock: Clock,
        options: str,
        counter: OperationCounter | None = None,
    ) -> None:
        """``counter`` tells how far operations have come; without it, nothing is said of that."""
        self._screen = screen
        self._clock = clock
        self._plan = rollout.plan
        self._state = rollout.state
        self._options = options  # of commands that are advised
        self._said: set[str] = set()
        self._held_by = ""
        self._width = max((len(key) for key in rollout.plan.stack_sets), default=0)
        self._counter = counter
        self._counted: Mapping[OperationId, Counted] = {}
        self._last = clock.now()  # when something was said
        self._board = board_of(RolloutView(self._plan, self._state), {}, self._last)
        self._live = (
            Live(
                get_renderable=self._running,
                console=screen.people,
                transient=True,
                refresh_per_second=1,  # for a slow line
            )
            if screen.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def follow(self, tick: Tick) -> None:
        """Tell what a tick brought."""
        self._state = tick.rollout.state
        for event in tick.events:
            self._tell(event)
        if tick.held_by and tick.held_by != self._held_by:
            self._line(f"{tick.held_by} acts on it right now; waiting", "yellow")
        self._held_by = tick.held_by
        for name in tick.busy:
            self._say_once(f"{name} is busy with an operation of another caller; waiting")
        for key, other in tick.concurrent.items():
            self._say_once(
                f"{other} is at work in the stacks of {key}; waiting. Where nothing drives it: "
                f"orgrollout resume {other}{self._options}"
            )
        if self._counter is not None:
            self._counted = self._counter.count(tick.rollout)
        if self._live is None:
            self._beat(tick)
        else:
            view = RolloutView(self._plan, self._state)
            self._board = board_of(view, self._counted, self._clock.now())

    def _beat(self, tick: Tick) -> None:
        """Say how far it is, where nothing else was said for a while."""
        now, state = self._clock.now(), tick.rollout.state
        quiet = now - self._last
        if state.in_flight and quiet >= _HEARTBEAT:
            for each in under_way(self._plan, state.in_flight, self._counted, now):
                said = f"{each.action}: {each.how_far}" if each.how_far else each.what
                age = "" if each.how_far else f", under way for {span(each.age)}"
                text = f"{each.stack_set:<{self._width}}  {said}{age}"
                self._line(f"wave {each.wave}  {text}", "dim")
        elif not state.in_flight and quiet >= _RESTING:
            for text in waits(self._plan, state, now):
                self._line(text, "dim")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._line(text, "yellow")

    def _tell(self, event: Event) -> None:
        if event.kind in _UNSAID or (self._live and event.kind is EventKind.STARTED):
            return
        text = event.text
        if event.stack_set is not None:
            text = f"{self._wave(event)}  {event.stack_set:<{self._width}}  {text}"
        failed = event.kind is EventKind.ENDED and " failed" in event.text
        self._line(text, "red" if failed else _STYLES.get(event.kind, ""))

    def _line(self, text: str, style: str) -> None:
        self._last = self._clock.now()
        self._screen.say(f"{clock_time(self._last)} {text}", style)

    def _wave(self, event: Event) -> str:
        """Return the wave of the event's operation: the rollout may be in the next one already."""
        operations = {one.number: one.planned for one in self._state.completed}
        operations |= {one.number: one.pending.planned for one in self._state.in_flight}
        planned = operations.get(event.number or 0)
        if planned is not None:
            return f"wave {self._plan.operations[planned].wave}"
        position = min(self._state.wave, len(self._plan.waves) - 1)
        return f"wave {self._plan.waves[position].index}"

    def _running(self) -> Group:
        """Return the bars of the wave, how far the whole is, and what failed, in this width."""
        lines = board_lines(self._board, self._screen.people.width)
        return Group(*(Text(text, style=style, no_wrap=True) for text, style in lines))
