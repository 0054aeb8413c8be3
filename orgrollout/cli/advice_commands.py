"""The commands that look and advise, and change nothing, as typer sees them."""

from collections.abc import Callable
from typing import Annotated

import typer

from orgrollout.cli.options import FormatOption, ManifestPath, PlainReach

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def explain(
    manifest: ManifestPath,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="A name or an id.")],
    region: Annotated[
        str | None, typer.Argument(metavar="[REGION]", show_default=False, help="Only this one.")
    ] = None,
    *,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Show why an account is in or out, what set its parameters, and what a plan would do."""
    from orgrollout.cli.explaining import explain_account

    return explain_account(manifest, account, region, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (explain,)
