"""The commands that plan and carry out, as typer sees them. What they do is imported when run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from orgrollout.cli.options import completion
from orgrollout.cli.options.groups import Logs, Narrow, Reach
from orgrollout.cli.options.manifest_here import HERE
from orgrollout.cli.options.shared import (
    CoverageFormatOption,
    DepartedOption,
    DetachOption,
    Format,
    FormatOption,
    ManifestPath,
    RecoverOption,
    RefreshOption,
    RemovalsOption,
    WaitOption,
    YesOption,
)

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415

_TEXT: Format = "text"
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Save the plan for `apply FILE`.")
]


def demo(*, logs: Logs) -> int:
    """Roll the baseline out over a simulated organization, from nothing, without AWS."""
    from orgrollout.cli.actions.demo import run_demo

    return run_demo(debug=logs.debug)


def plan(
    manifest: ManifestPath = HERE,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", show_default=False, help="With `plan show`: the saved plan to show."
        ),
    ] = None,
    *,
    out: OutOption = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Name every account and Region that changes.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 10 where something would change.")
    ] = False,
    destroy: Annotated[
        bool,
        typer.Option(
            "--destroy",
            help="Plan to take all stack sets of the manifest away, for good. Save it with --out.",
        ),
    ] = False,
    look: Annotated[
        bool,
        typer.Option(
            "--look",
            help="Look into the accounts, and count the flow logs that the runbooks of the plan "
            "would create and replace.",
        ),
    ] = False,
    allow_removals: RemovalsOption = None,
    allow_departed: DepartedOption = None,
    recover_inoperable: RecoverOption = False,
    refresh: RefreshOption = "incremental",
    narrow: Narrow,
    reach: Reach,
    format_: FormatOption = _TEXT,
) -> int:
    """Show what `apply` would change, and change nothing.

    `plan show FILE` shows a saved plan again, without asking AWS.
    """
    from orgrollout.cli.actions.rollout.plan import plan as run
    from orgrollout.cli.actions.rollout.plan import show_saved
    from orgrollout.cli.actions.rollout.saved_plan import Options
    from orgrollout.cli.errors import WrongUsageError
    from orgrollout.reconcile.reading.inventory import Refresh

    asked = Options(
        manifest=manifest,
        narrow=narrow,
        allow_removals=allow_removals,
        allow_departed=allow_departed,
        destroy=destroy,
        recover_inoperable=recover_inoperable,
        refresh=Refresh(refresh),
    )
    if file is not None:
        if str(manifest) != "show":
            raise WrongUsageError(f"{file}: `plan` takes one manifest; `plan show FILE` a plan.")
        if look:
            raise WrongUsageError(
                "--look asks AWS, and `plan show` does not. Leave one of them out."
            )
        return show_saved(replace(asked, manifest=file), format_, pairs=pairs)
    return run(
        asked,
        reach,
        format_,
        out=out,
        pairs=pairs,
        detailed_exitcode=detailed_exitcode,
        look=look,
    )


def apply(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST|PLAN",
            show_default=False,
            help="A manifest, or a saved plan. Default: the manifest in this folder.",
        ),
    ] = HERE,
    *,
    yes: YesOption = False,
    detach: DetachOption = False,
    wait: WaitOption = False,
    supersede: Annotated[
        bool,
        typer.Option(
            "--supersede",
            help="Stop other rollouts of these stack sets first, and take over from them for good.",
        ),
    ] = False,
    unattended: Annotated[
        bool,
        typer.Option(
            "--unattended",
            help="For cron and CI: ask nothing, do only what --allow says, report the rest.",
        ),
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="ACTIONS",
            help="create, update, detach, delete; with commas, or repeated. Default: create, "
            "which enrols accounts that are new or have moved.",
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="End with 10 where something is left for later."),
    ] = False,
    allow_removals: RemovalsOption = None,
    allow_departed: DepartedOption = None,
    recover_inoperable: RecoverOption = False,
    refresh: RefreshOption = "incremental",
    narrow: Narrow,
    reach: Reach,
    format_: FormatOption = _TEXT,
) -> int:
    """Carry a manifest out, showing progress; shows the plan and asks first.

    A saved plan asks nothing: it is carried out as it is, or refused where what it touches has
    changed since it was made. --unattended asks nothing either, and ends with 0 where an account
    that has just joined is not ready: the next run tries it again.
    """
    from orgrollout.cli.actions.rollout.apply import apply as run
    from orgrollout.cli.actions.rollout.apply_unattended import apply_unattended
    from orgrollout.cli.actions.rollout.saved_plan import Options
    from orgrollout.cli.errors import WrongUsageError
    from orgrollout.reconcile.reading.inventory import Refresh

    asked = Options(
        manifest=manifest,
        narrow=narrow,
        allow_removals=allow_removals,
        allow_departed=allow_departed,
        recover_inoperable=recover_inoperable,
        refresh=Refresh(refresh),
    )
    if unattended:
        return apply_unattended(
            asked,
            reach,
            format_,
            allow=allow,
            detach=detach,
            wait=wait,
            supersede=supersede,
            detailed_exitcode=detailed_exitcode,
        )
    if allow or detailed_exitcode:
        raise WrongUsageError("--allow and --detailed-exitcode go with --unattended only.")
    return run(asked, reach, format_, yes=yes, detach=detach, supersede=supersede, wait=wait)


def coverage(
    manifest: ManifestPath = HERE,
    *,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            metavar="STATE",
            help="Only pairs in this state. Repeatable, or with commas.",
            autocompletion=completion.states,
        ),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="STATE",
            help="End with 3 if a pair is in this state; with --diff, if it changed into it. "
            "Repeatable, or with commas.",
            autocompletion=completion.states,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="ROLLOUT|DATE",
            help="The ledger as the journal tells it of the end of a rollout, or of a day or "
            "moment. What the journal does not tell is unknown. AWS is not asked.",
            autocompletion=completion.rollouts,
        ),
    ] = None,
    trend: Annotated[
        bool,
        typer.Option(
            "--trend",
            help="How many pairs were in which state at the end of each rollout, as the journal "
            "tells it. AWS is not asked.",
        ),
    ] = False,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--diff",
            metavar="A B",
            help="Show the pairs that are in another state in B than in A. Each is a file that "
            "--format json wrote, or a rollout, day or moment as for --as-of. AWS is not asked.",
        ),
    ] = None,
    refresh: RefreshOption = "incremental",
    narrow: Narrow,
    reach: Reach,
    format_: CoverageFormatOption = "text",
) -> int:
    """Show every account and Region of each stack set in exactly one state, with the reason."""
    from orgrollout.cli.actions.reports.coverage import Asked
    from orgrollout.cli.actions.reports.coverage import coverage as run
    from orgrollout.cli.actions.reports.coverage_diff import diff_ledgers
    from orgrollout.cli.actions.reports.coverage_trend import trend as run_trend
    from orgrollout.cli.errors import WrongUsageError
    from orgrollout.reconcile.reading.inventory import Refresh

    asked = Asked(
        manifest=manifest,
        narrow=narrow,
        states=state or (),
        fail_on=fail_on or (),
        as_of=as_of,
        refresh=Refresh(refresh),
    )
    if trend and diff is not None:
        raise WrongUsageError("--trend and --diff do not go together: ask for one of them.")
    if trend:
        return run_trend(asked, reach, format_)
    if diff is not None:
        return diff_ledgers(diff, asked, reach, format_)
    return run(asked, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (demo, plan, apply, coverage)
