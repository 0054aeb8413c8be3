"""The commands that look for drift and repair it, as typer sees them."""

from collections.abc import Callable
from typing import Annotated

import typer

from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.options.manifest_here import HERE
from orgrollout.cli.options.shared import (
    DetachOption,
    FormatOption,
    ManifestPath,
    RecoverOption,
    RefreshOption,
    SheetFormatOption,
    WaitOption,
    YesOption,
)

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


TimeoutOption = Annotated[
    str,
    typer.Option(
        "--timeout",
        metavar="DURATION",
        help="During detection: how long to wait for operations of others, such as 30m.",
    ),
]


def drift(
    manifest: ManifestPath = HERE,
    *,
    detect: Annotated[
        bool,
        typer.Option(
            "--detect",
            help="Detect first: drift in all stack instances of each stack set, and posture in all "
            "accounts. It changes nothing. No one else can change the stack set until it ends; a "
            "rollout stops it.",
        ),
    ] = False,
    who: Annotated[
        bool,
        typer.Option(
            "--who",
            help="Ask the CloudTrail of each account who changed what was found, through "
            "drift.probe_role. It takes a few requests for each finding, two a second in each "
            "account and Region.",
        ),
    ] = False,
    timeout: TimeoutOption = "1h",
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
    from orgrollout.cli.actions.drift.drift import Options, drift_history
    from orgrollout.cli.actions.drift.drift import drift as run
    from orgrollout.cli.errors import WrongUsageError
    from orgrollout.reconcile.reading.inventory import Refresh

    if history:
        for option, does in (("--detect", detect), ("--who", who)):
            if does:
                raise WrongUsageError(
                    f"--history shows the past, and {option} looks again: leave one out."
                )
        return drift_history(manifest, narrow, reach, format_)
    asked = Options(
        manifest=manifest,
        narrow=narrow,
        detect=detect,
        who=who,
        timeout=timeout,
        refresh=Refresh(refresh),
    )
    return run(asked, reach, format_)


def resync(
    manifest: ManifestPath = HERE,
    *,
    detect: Annotated[
        bool,
        typer.Option(
            "--detect/--no-detect",
            help="Detect drift first, or repair what the last detection found.",
        ),
    ] = True,
    timeout: TimeoutOption = "1h",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be repaired, and repair nothing.")
    ] = False,
    yes: YesOption = False,
    detach: DetachOption = False,
    wait: WaitOption = False,
    unattended: Annotated[
        bool,
        typer.Option(
            "--unattended",
            help="For cron and CI: ask nothing, and repair only what drift.unattended of the "
            "manifest allows.",
        ),
    ] = False,
    recover_inoperable: RecoverOption = False,
    recreate: Annotated[
        bool,
        typer.Option(
            "--recreate",
            help="Delete and create again the stacks that nothing else repairs: whose change set "
            "was refused, or whose SSM document differs.",
        ),
    ] = False,
    supersede: Annotated[
        bool,
        typer.Option(
            "--supersede",
            help="Stop an earlier re-sync of these stack sets first, and take over from it for "
            "good.",
        ),
    ] = False,
    narrow: Narrow,
    reach: Reach,
    format_: FormatOption = "text",
) -> int:
    """Detect drift, repair only what is real, and verify it.

    Each drifted stack gets a drift-aware change set in its own account, which is refused where it
    would replace, remove or touch anything else. What is in no stack (a recorder that was stopped)
    is repaired by a named call. Ends with 3 where something is left, and with 4 where a person
    has to look first.
    """
    from orgrollout.cli.actions.drift.resync import Options
    from orgrollout.cli.actions.drift.resync import resync as run

    asked = Options(
        manifest=manifest,
        narrow=narrow,
        detect=detect,
        timeout=timeout,
        dry_run=dry_run,
        yes=yes,
        detach=detach,
        unattended=unattended,
        recover_inoperable=recover_inoperable,
        recreate=recreate,
        supersede=supersede,
        wait=wait,
    )
    return run(asked, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (drift, resync)
