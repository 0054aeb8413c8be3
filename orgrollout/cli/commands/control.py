"""The commands that look at rollouts and move them, as typer sees them."""

from collections.abc import Callable
from typing import Annotated

import typer

from orgrollout.cli.options import completion
from orgrollout.cli.options.groups import Narrow, PlainReach, Reach
from orgrollout.cli.options.shared import (
    DetachOption,
    FormatOption,
    NeedlessYesOption,
    RolloutName,
    YesOption,
)

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def status(
    rollout: RolloutName = None,
    *,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Follow it until it ends, or waits for a person. Changes nothing."
        ),
    ] = False,
    web: Annotated[
        bool,
        typer.Option(
            "--web",
            help="Follow it in a browser: serve its page on a port of this machine until it ends. "
            "Changes nothing.",
        ),
    ] = False,
    at_most: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="DURATION",
            help="With --web: serve no longer than this; 12h by default.",
        ),
    ] = None,
    narrow: Narrow,
    reach: Reach,
    format_: FormatOption = "text",
) -> int:
    """Show one rollout; by default the newest."""
    from orgrollout.cli.actions.reports.status import status as run
    from orgrollout.cli.actions.reports.status_web import status_web
    from orgrollout.cli.errors import WrongUsageError

    if web:
        if watch or not narrow.is_empty or format_ != "text":
            raise WrongUsageError(
                "--web shows all of a rollout in a browser: leave out --watch, --format and what "
                "narrows. The page has filters."
            )
        return status_web(rollout, reach, at_most=at_most or "12h")
    if at_most is not None:
        raise WrongUsageError("--for says how long --web serves: add --web, or leave it out.")
    return run(rollout, narrow, reach, format_, watch=watch)


def rollouts(*, reach: PlainReach, format_: FormatOption = "text") -> int:
    """List all rollouts of the journal, oldest first."""
    from orgrollout.cli.actions.reports.status import list_rollouts

    return list_rollouts(reach, format_)


def resume(
    rollout: RolloutName = None,
    *,
    yes: NeedlessYesOption = False,  # noqa: ARG001 - nothing is asked
    detach: DetachOption = False,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Continue a rollout; by default the only one that is open or was stopped.

    Attaches to operations that run, and starts none twice.
    """
    from orgrollout.cli.actions.rollout.control import resume as run

    return run(rollout, reach, format_, detach=detach)


def retry(
    rollout: RolloutName = None,
    *,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="Only failures of this class: throttled, transient, blocked_by_policy, "
            "configuration, permanent, cancelled, blocked, unproven. Repeatable.",
            autocompletion=completion.failure_classes,
        ),
    ] = None,
    yes: NeedlessYesOption = False,  # noqa: ARG001 - nothing is asked
    detach: DetachOption = False,
    narrow: Narrow,
    reach: Reach,
    format_: FormatOption = "text",
) -> int:
    """Try failed stack instances again, from their earliest wave on; by default the newest rollout.

    Then continues with the waves that were not started.
    """
    from orgrollout.cli.actions.rollout.control import retry as run

    return run(rollout, class_ or (), narrow, reach, format_, detach=detach)


def rollback(
    rollout: RolloutName = None,
    *,
    yes: YesOption = False,
    detach: DetachOption = False,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Take back what a rollout updated; by default the newest rollout.

    Restores the earlier template and parameters, in reverse order. What it created stays, and is
    listed.
    """
    from orgrollout.cli.actions.rollout.control import rollback as run

    return run(rollout, reach, format_, yes=yes, detach=detach)


def approve(
    rollout: RolloutName = None,
    *,
    yes: YesOption = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Approve only; `resume` or another process continues.")
    ] = False,
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Approve the next wave and continue; by default the only open rollout.

    Shows what starts, and asks first.
    """
    from orgrollout.cli.actions.rollout.control import approve as run

    return run(rollout, reach, format_, yes=yes, detach=detach)


def stop(
    rollout: RolloutName = None,
    *,
    yes: NeedlessYesOption = False,  # noqa: ARG001 - nothing is asked
    reach: PlainReach,
    format_: FormatOption = "text",
) -> int:
    """Start nothing more, and stop what runs; by default the only open rollout.

    Stack instances in progress are finished. `resume` continues later.
    """
    from orgrollout.cli.actions.rollout.control import stop as run

    return run(rollout, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (
    status,
    rollouts,
    resume,
    retry,
    approve,
    stop,
    rollback,
)
