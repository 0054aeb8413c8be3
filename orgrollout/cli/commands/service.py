"""The commands about what is deployed for orgrollout itself, as typer sees them."""

from typing import Annotated

import typer

from orgrollout.cli.options.shared import Command, Group, Logs, gathered
from orgrollout.service.templates import Part, service_template

service = typer.Typer(help="What to deploy for orgrollout itself.", no_args_is_help=True, cls=Group)


@service.callback()
def _about() -> None:
    """What to deploy for orgrollout itself."""


def template(
    *,
    only: Annotated[Part, typer.Option("--only", help="Which part.")],
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Print the CloudFormation template of a part: `journal`, a bucket fit for a shared journal."""
    typer.echo(service_template(only), nl=False)
    return 0


service.command("template", cls=Command)(gathered(template))
