"""Asking a person before anything is changed."""

from orgrollout.cli.errors import DeclinedError
from orgrollout.cli.terminal.screen import Screen


def ask(
    screen: Screen,
    question: str = "Apply this plan?",
    *,
    declined: str = "Not applied; nothing was changed.",
) -> None:
    """Return if a person at the terminal says yes.

    Raises:
        DeclinedError: The user did not say yes.
    """
    try:
        answer = screen.people.input(f"{question} Only `yes` is taken for a yes: ")
    except EOFError:
        answer = ""
    if answer.strip() != "yes":
        raise DeclinedError(declined)
