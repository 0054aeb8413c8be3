"""The command that looks for drift, as typer sees it."""

from collections.abc import Callable
from typing import Annotated

import typer

from orgrollout.cli.options import ManifestPath, Narrow, Reach, RefreshOption, SheetFormatOption

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def drift(
    manifest: ManifestPath,
    *,
    detect: Annotated[
        bool,
        typer.Option(
            "--detect",
            help="Look for drift first: all stack instances of each stack set. It changes nothing, "
            "and keeps others from changing the stack set until it ends; a rollout stops it.",
        ),
    ] = False,
    timeout: Annotated[
        str,
        typer.Option(
            "--timeout",
            metavar="DURATION",
            help="With --detect: how long to wait for operations of others, such as 30m.",
        ),
    ] = "1h",
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="Show what became of all findings so far. Asks AWS for no drift."
        ),
    ] = False,
    refresh: RefreshOption = "incremental",
    narrow: Narrow,
    reach: Reach,
    format_: SheetFormatOption = "text",
) -> int:
    """Show what is not as deployed, as the last detection found it; ends with 3 if any is real.

    A difference is real, ignored by a rule of the manifest, or a suspect: what a role without the
    permission to read it sees. Stack instances that are missing, extra, outdated or inoperable are
    shown too.
    """
    from orgrollout.cli.drift import Asked, drift_history
    from orgrollout.cli.drift import drift as run
    from orgrollout.cli.errors import WrongUsageError
    from orgrollout.reconcile.observe import Refresh

    if history:
        if detect:
            raise WrongUsageError("--history looks back, and --detect looks anew: leave one out.")
        return drift_history(manifest, narrow, reach, format_)
    asked = Asked(
        manifest=manifest, narrow=narrow, detect=detect, timeout=timeout, refresh=Refresh(refresh)
    )
    return run(asked, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (drift,)
