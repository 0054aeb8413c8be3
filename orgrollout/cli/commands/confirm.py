"""`confirm`, as typer sees it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from orgrollout.cli.options.groups import PlainReach
from orgrollout.cli.options.shared import FormatOption, YesOption

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def confirm(
    *,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="CANARY",
            help="The member account to make stacks in, by its id. Needed, but with --clean.",
        ),
    ] = None,
    suspended: Annotated[
        str | None,
        typer.Option(
            "--suspended",
            metavar="ACCOUNT",
            help="An account that is SUSPENDED, for experiments on what AWS does with one. No "
            "stack is made there.",
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            "--role",
            metavar="NAME",
            help="A role in the canary account to look at stacks with, such as "
            "OrganizationAccountAccessRole.",
        ),
    ] = None,
    external_id: Annotated[
        str | None,
        typer.Option("--external-id", metavar="ID", help="What that role wants to be told."),
    ] = None,
    second_region: Annotated[
        str | None,
        typer.Option(
            "--second-region",
            metavar="REGION",
            help="The Region besides the home Region. Default: the last one by name that the "
            "caller's account has enabled.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Only this experiment. Repeatable."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="Where the answers go; those that it has stay."),
    ] = Path("behaviour.yaml"),
    clean: Annotated[
        bool,
        typer.Option(
            "--clean", help="Only take away what earlier runs left, after a crash for example."
        ),
    ] = False,
    yes: YesOption = False,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Find out by experiments how AWS behaves where its documentation is silent.

    Shows what it will make, asks, makes it in one account, and takes all of it away again. Ends
    with 3 where an answer is not the one that is assumed, or there is none.
    """
    from orgrollout.cli.actions.confirm import Options, clean_up
    from orgrollout.cli.actions.confirm import confirm as run

    if clean:
        return clean_up(reach, format_, yes=yes)
    asked = Options(
        account=account,
        suspended=suspended,
        role=role,
        external_id=external_id,
        second_region=second_region,
        only=tuple(only or ()),
        out=out,
        yes=yes,
    )
    return run(asked, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (confirm,)
