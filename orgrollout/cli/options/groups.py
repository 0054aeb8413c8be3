"""Options that go together: how to log, which AWS and which journal, which part of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import typer

from orgrollout.cli.logs import LogFormat, LogLevel, begin_logs
from orgrollout.cli.options import completion
from orgrollout.cli.options.defaults import path_setting, setting

STARTER = ""  # `--sandbox` without a file: the organization that comes along
SANDBOX = "--sandbox"
_LOG_PANEL = "Logs"

RecordOption = Annotated[
    Path | None,
    typer.Option(
        "--record",
        metavar="FILE",
        rich_help_panel=_LOG_PANEL,
        help="Write each request and its response into this new file, without secrets, and with "
        "other names and ids: for a bug report.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What is logged, and where; besides, whether errors come with a traceback."""

    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            rich_help_panel=_LOG_PANEL,
            help="Show tracebacks, and log at level debug: every API call.",
        ),
    ] = False
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            "--log-level",
            rich_help_panel=_LOG_PANEL,
            show_default=False,
            help="Log at this level and above. Default: info, where --log-format or --log-file is "
            "given; else nothing is logged.",
        ),
    ] = None
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format",
            rich_help_panel=_LOG_PANEL,
            show_default=False,
            help="Log lines as text, or as JSON. Default: text.",
        ),
    ] = None
    log_file: Annotated[
        Path | None,
        typer.Option(
            "--log-file",
            metavar="FILE",
            rich_help_panel=_LOG_PANEL,
            show_default=False,
            help="Add log lines to this file. Default: stderr.",
        ),
    ] = None

    def begin(self) -> None:
        """Log from now on, as the options, the environment and the file of defaults say.

        Raises:
            WrongUsageError: One of them says what there is not, or the file cannot be written.
        """
        level = self.log_level or setting("log_level", get_args(LogLevel))
        format_ = self.log_format or setting("log_format", get_args(LogFormat))
        begin_logs(
            "debug" if self.debug else level, format_, self.log_file or path_setting("log_file")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach(Logs):
    """Which AWS, or which sandbox, and which journal."""

    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="A profile of ~/.aws/config.")
    ] = None
    home_region: Annotated[
        str | None,
        typer.Option(
            "--home-region",
            metavar="REGION",
            help="Where the stack sets live. Default: home_region of the manifest, AWS_REGION, or "
            "the profile's.",
        ),
    ] = None
    sandbox: Annotated[
        str | None,
        typer.Option(
            SANDBOX,
            metavar="[FILE|URL]",
            help="Use a simulated organization instead of AWS: the one at URL, or the one that "
            "`sandbox start` started, or one inside this process, from FILE or the one that comes "
            "along, which forgets everything when the command ends.",
        ),
    ] = None
    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            metavar="PATH|s3://BUCKET/PREFIX",
            help="A folder, a file named *.sqlite, or a bucket that keeps the rollouts. Default: "
            "`journal` of the manifest, or this platform's place for state.",
        ),
    ] = None
    record: RecordOption = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReach(Reach):
    """The same, for commands without a manifest that narrow nothing: `--region` is clear there."""

    home_region: Annotated[
        str | None,
        typer.Option(
            "--region",
            "--home-region",
            metavar="REGION",
            help="Where the stack sets live. Default: AWS_REGION, or the profile's.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrow:
    """Only some of the stack instances. Narrowing never removes anything."""

    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="ACCOUNT",
            help="Only this account: a name or an id. Repeatable.",
            autocompletion=completion.accounts,
        ),
    ] = None
    ou: Annotated[
        list[str] | None,
        typer.Option(
            "--ou",
            metavar="UNIT",
            help="Only below this unit: path, id or unique name. Repeatable.",
        ),
    ] = None
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="REGION", help="Only this Region. Repeatable."),
    ] = None
    stack_set: Annotated[
        list[str] | None,
        typer.Option(
            "--stack-set",
            metavar="NAME",
            help="Only this stack set of the manifest. Repeatable.",
            autocompletion=completion.stack_sets,
        ),
    ] = None

    @property
    def is_empty(self) -> bool:
        """Return whether everything is meant."""
        return not (self.account or self.ou or self.region or self.stack_set)
