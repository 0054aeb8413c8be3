"""The commands about the journal itself, as typer sees them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from orgrollout.cli.options.shared import (
    Command,
    FormatOption,
    Group,
    PlainReach,
    RolloutName,
    gathered,
)

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def unlock(
    rollout: RolloutName = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Needed: what still drives the rollout is cut off.")
    ] = False,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Take a rollout's claims and its lease away; by default of the only open rollout.

    For when whoever drove it will never come back and `stop` does not work. What runs in AWS goes
    on. `resume` takes the claims again, as long as no other rollout has.
    """
    from orgrollout.cli.actions.journal import unlock as run

    return run(rollout, reach, format_, force=force)


journal = typer.Typer(help="What is kept of rollouts.", no_args_is_help=True, cls=Group)


def export(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Default: stdout.")
    ] = None,
    reach: PlainReach,
) -> int:
    """Write all that the journal keeps as one JSON document: rollouts, plans, history."""
    from orgrollout.cli.actions.journal import export as run

    return run(reach, out)


def prune(
    *,
    keep: Annotated[
        int, typer.Option("--keep", metavar="N", min=0, help="How many ended rollouts stay.")
    ],
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Forget old rollouts, with their plans and history.

    What may still go on stays, and so does the newest of every manifest.
    """
    from orgrollout.cli.actions.journal import prune as run

    return run(reach, format_, keep=keep)


journal.command("export", cls=Command)(gathered(export))
journal.command("prune", cls=Command)(gathered(prune))

COMMANDS: tuple[Callable[..., int], ...] = (unlock,)
