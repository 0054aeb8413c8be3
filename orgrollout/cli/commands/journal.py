"""The commands about the journal itself, as typer sees them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from orgrollout.cli.options.gathered import Command, Group, gathered
from orgrollout.cli.options.groups import PlainReach
from orgrollout.cli.options.shared import FormatOption, RolloutName

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def unlock(
    rollout: RolloutName = None,
    *,
    force: Annotated[
        bool,
        typer.Option("--force", help="Required: a process that still drives the rollout loses it."),
    ] = False,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Release the locks of a rollout whose process is gone; by default of the only open rollout.

    For a process that will never come back, where `stop` does not work. What runs in AWS goes on.
    `resume` takes the claims again, unless another rollout has taken them.
    """
    from orgrollout.cli.actions.journal import unlock as run

    return run(rollout, reach, format_, force=force)


journal = typer.Typer(
    help="The journal: what orgrollout remembers of rollouts.", no_args_is_help=True, cls=Group
)


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
    """Delete old rollouts from the journal, with their plans and history.

    Rollouts that can still continue stay, and so does the newest of every manifest.
    """
    from orgrollout.cli.actions.journal import prune as run

    return run(reach, format_, keep=keep)


journal.command("export", cls=Command)(gathered(export))
journal.command("prune", cls=Command)(gathered(prune))

COMMANDS: tuple[Callable[..., int], ...] = (unlock,)
