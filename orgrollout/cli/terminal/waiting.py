"""Calls without an answer, and a clock that is wrong, told to the person at the command."""

from collections.abc import Callable
from datetime import timedelta

from orgrollout.aws.transport.waiting import Waiting, Waits
from orgrollout.cli.terminal.screen import Screen
from orgrollout.report.rollout.waiting import skew_words, waiting_words


def waits_told_on(screen: Screen) -> Waits:
    """Return what tells on ``screen`` of calls that are not answered."""

    def tell(waiting: Waiting) -> None:
        screen.aside(waiting_words(waiting), "yellow")

    return Waits(tell)


def skew_told_on(screen: Screen) -> Callable[[timedelta], None]:
    """Return what tells on ``screen`` that the clock of this machine is not AWS's."""

    def tell(ahead: timedelta) -> None:
        screen.aside(skew_words(ahead), "yellow")

    return tell
