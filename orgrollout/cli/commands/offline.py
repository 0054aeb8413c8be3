"""The commands that need no AWS, as typer sees them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from orgrollout.cli.options.gathered import Command, Group, gathered
from orgrollout.cli.options.groups import Logs
from orgrollout.cli.options.manifest_here import HERE
from orgrollout.cli.options.shared import ManifestPath

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415

Severity = Literal["error", "warning", "informational"]
ShortFormat = Literal["text", "json"]
ShortFormatOption = Annotated[
    ShortFormat, typer.Option("--format", help="For people, or for programs.")
]


def validate(
    manifest: ManifestPath = HERE,
    *,
    severity: Annotated[
        Severity | None,
        typer.Option(
            "--severity",
            show_default=False,
            help="The lowest severity that is refused; lower ones are shown. Default: "
            "templates.lint of the manifest, or error.",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="RULE",
            help="A rule of cfn-lint to leave out, such as W2001; W stands for all warnings. "
            "Repeatable.",
        ),
    ] = None,
    format_: ShortFormatOption = "text",
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Check a manifest and its templates without AWS; cfn-lint is included."""
    from orgrollout.cli.actions.offline import validate as run

    return run(manifest, format_, severity=severity, accept=accept or ())


def schema(*, logs: Logs) -> int:  # noqa: ARG001 - begun by `gathered`
    """Print the JSON Schema of the manifest, for editors."""
    from orgrollout.cli.actions.offline import schema as run

    return run()


def protection(
    manifest: ManifestPath = HERE,
    *,
    exempt: Annotated[
        list[str] | None,
        typer.Option(
            "--exempt",
            metavar="ROLE",
            help="A role in the accounts that is let through: the break-glass role, or the owner "
            "of a recorder that exists, such as AWSControlTowerExecution. With its path, and * "
            "for a part of its name. Repeatable.",
        ),
    ] = None,
    every_rule: Annotated[
        bool,
        typer.Option(
            "--every-rule",
            help="Protect the rules of AWS Config, too. No policy can name one, so that the "
            "rules of other teams are included.",
        ),
    ] = False,
    only: Annotated[
        Literal["scp", "rcp"] | None,
        typer.Option(
            "--only",
            show_default=False,
            help="Print one policy alone, as `aws organizations create-policy` takes it.",
        ),
    ] = None,
    format_: ShortFormatOption = "text",
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Print policies that keep a baseline from being tampered with; attaches none."""
    from orgrollout.cli.actions.protection import protection as run

    return run(manifest, format_, exempt=tuple(exempt or ()), every_rule=every_rule, only=only)


templates = typer.Typer(
    help="The templates that come with orgrollout.", no_args_is_help=True, cls=Group
)


def list_(*, format_: ShortFormatOption = "text") -> int:
    """List the templates: what a manifest calls them, and what they do."""
    from orgrollout.cli.actions.offline import list_templates

    return list_templates(format_)


def export(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The folder; created if it does not exist."),
    ] = None,
    *,
    single_account: Annotated[
        bool,
        typer.Option(
            "--single-account",
            help="One template for one account and Region that needs no orgrollout.",
        ),
    ] = False,
    form: Annotated[
        Literal["bucket", "log-group"] | None,
        typer.Option(help="With --single-account: where flow logs go; otherwise bucket."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="With --single-account: write there instead of printing it."
        ),
    ] = None,
) -> int:
    """Write the templates into a folder, to read or to change; overwrites nothing."""
    from orgrollout.cli.actions.exporting import export as run

    return run(folder, single_account=single_account, form=form, out=out)


templates.command("list", cls=Command)(gathered(list_))
templates.command("export", cls=Command)(gathered(export))

COMMANDS: tuple[Callable[..., int], ...] = (validate, schema, protection)
