"""The commands about what is deployed for orgrollout itself, as typer sees them."""

from pathlib import Path
from typing import Annotated

import typer

from orgrollout.cli.options.gathered import Command, Group, gathered
from orgrollout.cli.options.groups import Logs, RecordOption
from orgrollout.cli.options.shared import FormatOption
from orgrollout.cli.terminal.files import replace_file
from orgrollout.service.templates import Part, service_template
from orgrollout.service.wheels import Architecture

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415

service = typer.Typer(help="What to deploy for orgrollout itself.", no_args_is_help=True, cls=Group)


@service.callback()
def _about() -> None:
    """What to deploy for orgrollout itself."""


def template(
    *,
    only: Annotated[Part, typer.Option("--only", help="Which part.")] = Part.SERVICE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Default: stdout.")
    ] = None,
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Print a CloudFormation template: of the service, or of a part of it.

    `forwarding` goes to the management account and tells the service of new accounts. `journal` is
    a bucket fit for a shared journal, for a team that works without the service.
    """
    text = service_template(only)
    if out is None:
        typer.echo(text, nl=False)
    else:
        replace_file(out, text)
    return 0


def package(
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file.")],
    architecture: Annotated[
        Architecture, typer.Option("--architecture", help="Of the functions.")
    ] = Architecture.ARM64,
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Write the zip that the functions of the service run. pip downloads what it is made from.

    Each package is the one that is pinned, by its digest. Twice the same program gives the same
    bytes.
    """
    from orgrollout.cli.actions.service import package as run

    return run(architecture, out)


def status(
    *,
    stack_name: Annotated[
        str, typer.Option("--stack-name", metavar="NAME", help="The stack of the service.")
    ] = "orgrollout",
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="A profile of ~/.aws/config.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="Where the service is.")
    ] = None,
    record: RecordOption = None,
    format_: FormatOption = "text",
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Show what is deployed of the service: its code, its schedules, its journal."""
    from orgrollout.cli.actions.service import status as run

    return run(stack_name, profile, region, format_, record=record)


for _command in (template, package, status):
    service.command(_command.__name__, cls=Command)(gathered(_command))
