"""Calls without an answer, told to the person at the command."""

from orgrollout.aws.waiting import Waiting, Waits
from orgrollout.cli.screen import Screen
from orgrollout.report.waiting import waiting_words


def waits_told_on(screen: Screen) -> Waits:
    """Return what tells on ``screen`` of calls that are not answered."""

    def tell(waiting: Waiting) -> None:
        screen.aside(waiting_words(waiting), "yellow")

    return Waits(tell)
