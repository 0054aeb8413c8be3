"""The program: its commands, and what becomes of errors.

Exit codes: 0 done, or nothing to do; 1 could not do it; 2 wrong usage; 3 ended with findings;
4 halted, stopped, or waiting for a person; 5 found nothing, since nothing could be looked at;
10 changes pending; 130 interrupted, with AWS left running.
"""

import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import version
from typing import Annotated

import typer

from orgrollout.cli.commands import (
    advice,
    confirm,
    control,
    drift,
    journal,
    offline,
    report,
    rollout,
    sandbox,
    service,
)
from orgrollout.cli.errors import FAILED, INTERRUPTED
from orgrollout.cli.logs import end_logs
from orgrollout.cli.options.gathered import Command, Group, gathered
from orgrollout.cli.terminal.stdout import checked_stdout, drop_what_is_left, open_or_closed
from orgrollout.errors import OrgRolloutError
from orgrollout.model.logs import log_of
from orgrollout.model.shown import visible

_LOG = log_of(__name__)

NAME = "orgrollout"
EPILOG = (
    "Exit codes: 0 done, or nothing to do; 1 could not do it; 2 wrong usage; 3 ended with "
    "findings; 4 halted or waiting for a person; 5 found nothing, since nothing could "
    "be looked at; 10 changes pending; 130 interrupted."
)

_START, _PLAN, _ROLLOUT = "Begin", "Plan and roll out", "Control rollouts"
_DRIFT, _KEEP = "Coverage and drift", "Keep it running"
_PANELS = {
    _START: ("demo", "init", "bootstrap", "validate", "schema", "protection", "confirm"),
    _PLAN: ("preflight", "plan", "apply", "explain", "cost"),
    _ROLLOUT: ("status", "rollouts", "resume", "retry", "approve", "stop", "rollback"),
    _DRIFT: ("coverage", "report", "drift", "resync", "waivers"),
    _KEEP: ("unlock",),
}
_PANEL_OF = {name: panel for panel, names in _PANELS.items() for name in names}

app = typer.Typer(
    name=NAME,
    cls=Group,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{NAME} {version(NAME)}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def _about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version, and end."
        ),
    ] = False,
) -> None:
    """Roll out CloudFormation templates to every account and Region of an AWS Organization.

    Begin with `orgrollout demo`: a whole rollout in a simulated organization, without AWS.
    """


for _command in (
    rollout.COMMANDS
    + report.COMMANDS
    + drift.COMMANDS
    + advice.COMMANDS
    + confirm.COMMANDS
    + offline.COMMANDS
    + control.COMMANDS
    + journal.COMMANDS
):
    app.command(cls=Command, epilog=EPILOG, rich_help_panel=_PANEL_OF.get(_command.__name__))(
        gathered(_command)
    )
app.add_typer(offline.templates, name="templates", rich_help_panel=_START)
app.add_typer(sandbox.sandbox, name="sandbox", rich_help_panel=_START)
app.add_typer(journal.journal, name="journal", rich_help_panel=_KEEP)
app.add_typer(service.service, name="service", rich_help_panel=_KEEP)


# Made once, with all its commands: that takes as long as a short command itself.
_program = cache(partial(typer.main.get_command, app))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code. Errors are told on stderr, in words."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        code = _run(given, debug=debug)
        _LOG.info("ends: exit code %d", code)
        return code
    finally:
        end_logs()


def _run(given: list[str], *, debug: bool) -> int:
    try:
        with checked_stdout():
            _program().main(args=given, prog_name=NAME)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED  # no process reads any more
    except OrgRolloutError as error:
        if debug:
            traceback.print_exc()
        _LOG.error("%s", error, extra={"error": type(error).__name__})
        _tell("\n".join((str(error), *getattr(error, "__notes__", ()))))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence: say so, and how to see more
        return _bug(error, debug=debug)
    return 0


def _bug(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    _LOG.error("a bug", extra={"error": type(error).__name__})
    said = " ".join(str(error).split())
    more = "" if debug else " Repeat the command with --debug for the traceback."
    more += (
        " Where AWS was asked, --record FILE keeps requests and responses for the report, without "
        "secrets."
    )
    text = f"this is a bug in {NAME}: {type(error).__name__}: {said}.{more}"
    _tell(text)
    return FAILED


def _tell(text: str) -> None:
    with suppress(OSError):  # the exit code still tells
        typer.secho(visible(text, keep="\n"), fg="red", err=True)


def run() -> None:
    """Run the program as the console script does."""
    if not open_or_closed():
        _tell("stdout is closed, so nothing was done. Leave it open, or send it to /dev/null.")
        sys.exit(FAILED)
    code = main()
    drop_what_is_left()
    sys.exit(code)
