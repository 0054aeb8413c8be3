"""The command that writes the page, as typer sees it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from orgrollout.cli.options import completion
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.options.manifest_here import HERE
from orgrollout.cli.options.shared import RefreshOption

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def report(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST|ROLLOUT",
            show_default=False,
            help="A manifest, or the name of a rollout. Default: the manifest in this folder.",
            autocompletion=completion.rollouts,
        ),
    ] = HERE,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Where to write it. Default: stdout, if no terminal."
        ),
    ] = None,
    written_as: Annotated[
        Literal["html", "json"],
        typer.Option("--format", help="The page, or the document that it is drawn from."),
    ] = "html",
    refresh: RefreshOption = "incremental",
    reach: Reach,
) -> int:
    """Write one page of the whole organization: coverage, rollouts, failures, drift and the plan.

    It is one file that sends no request, to be opened in a browser, kept or sent. It changes
    nothing. For a rollout, only the journal is read.
    """
    from orgrollout.cli.actions.reports.report import report as run
    from orgrollout.reconcile.reading.inventory import Refresh

    return run(manifest, reach, written_as, out=out, refresh=Refresh(refresh))


COMMANDS: tuple[Callable[..., int], ...] = (report,)
