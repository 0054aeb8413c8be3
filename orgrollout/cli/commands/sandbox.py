"""`sandbox start | stop | serve | init | replay`: a simulated organization for any AWS tool."""

from pathlib import Path
from typing import Annotated

import typer

# What a command needs is imported when it runs, so that `--help` stays quick.
# ruff: noqa: PLC0415
from orgrollout.cli.options.gathered import Command, Group, gathered
from orgrollout.cli.options.groups import STARTER, Logs
from orgrollout.cli.options.shared import FormatOption

sandbox = typer.Typer(
    help="A simulated organization for any AWS tool.", no_args_is_help=True, cls=Group
)

_File = Annotated[
    str,
    typer.Argument(metavar="FILE", show_default=False, help="Default: the one that comes along."),
]
_Speed = Annotated[
    float, typer.Option("--speed", help="How many times as fast as real time it goes.")
]
_Behaviour = Annotated[
    Path | None,
    typer.Option(
        "--behaviour",
        metavar="FILE",
        help="A file of `orgrollout confirm`: behave as AWS does there.",
    ),
]


def start(
    file: _File = STARTER,
    *,
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="0: any free one.")
    ] = 0,
    speed: _Speed = 60,
    behaviour: _Behaviour = None,
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Start a simulated organization that goes on in the background; `--sandbox` then uses it.

    It listens on this machine alone and ends by itself after 30 idle minutes.
    """
    from orgrollout.cli.actions.sandbox import start as run

    return run(file, port=port, speed=speed, behaviour=behaviour)


def stop(*, logs: Logs) -> int:  # noqa: ARG001 - begun by `gathered`
    """Stop the organization that `sandbox start` started, and forget it."""
    from orgrollout.cli.actions.sandbox import stop as run

    return run()


def serve(
    file: _File = STARTER,
    *,
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="0: any free one.")
    ] = 4599,
    speed: _Speed = 60,
    behaviour: _Behaviour = None,
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Answer AWS's APIs for a simulated organization on a port of this machine, until Ctrl-C."""
    from orgrollout.cli.actions.sandbox import serve as run

    return run(file, port=port, speed=speed, behaviour=behaviour)


def init(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write there, not to stdout.")
    ] = None,
    from_aws: Annotated[
        bool, typer.Option("--from-aws", help="Describe the caller's own organization; reads only.")
    ] = False,
    anonymize: Annotated[
        bool,
        typer.Option("--anonymize", help="With --from-aws: other names and ids, the same shape."),
    ] = False,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="A profile of ~/.aws/config.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="Where the stack sets live.")
    ] = None,
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
) -> int:
    """Write an organization file to start from: a commented one, or the shape of a real one."""
    from orgrollout.cli.actions.sandbox import init as run

    return run(out, from_aws=from_aws, anonymize=anonymize, profile=profile, region=region)


def replay(
    record: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", show_default=False, help="What `--record FILE` of a command wrote."
        ),
    ],
    *,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="Replay in the sandbox that answers there. Default: in one of its own, with the "
            "organization that the record tells of.",
        ),
    ] = None,
    organization: Annotated[
        Path | None,
        typer.Option(
            "--organization",
            metavar="FILE",
            help="Write the organization that the record tells of to this file, and replay "
            "nothing.",
        ),
    ] = None,
    logs: Logs,  # noqa: ARG001 - begun by `gathered`
    format_: FormatOption = "text",
) -> int:
    """Send the requests of a record to a sandbox, and show where its answers differ.

    Compared are members, types, order, codes of errors, numbers and words of AWS's own lists. Ends
    with 3 where something differs.
    """
    from orgrollout.cli.actions.replay import replay as run

    return run(record, format_, url=url, organization=organization)


for _command in (start, stop, serve, init, replay):
    sandbox.command(cls=Command)(gathered(_command))
