"""Single options that several commands have, declared once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from orgrollout.cli.options import completion

Format = Literal["text", "json", "markdown"]
SheetFormat = Literal["text", "json", "csv", "markdown"]
CoverageFormat = Literal["text", "json", "csv", "markdown", "junit", "sarif"]

ManifestPath = Annotated[
    Path,
    typer.Argument(
        metavar="MANIFEST",
        show_default=False,
        help="The manifest, in YAML. Default: the one in this folder: "
        "orgrollout.yaml, or else its only YAML file with `version: 1` and `stack_sets:`.",
    ),
]
RolloutName = Annotated[
    str | None,
    typer.Argument(
        metavar="ROLLOUT",
        show_default=False,
        help="The rollout's name.",
        autocompletion=completion.rollouts,
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", help="For people, or for programs; JSON goes to stdout alone."),
]
SheetFormatOption = Annotated[
    SheetFormat,
    typer.Option("--format", help="For people, or for programs; JSON goes to stdout alone."),
]
CoverageFormatOption = Annotated[
    CoverageFormat,
    typer.Option("--format", help="For people, or for programs; each but text to stdout alone."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask; needed without a terminal.")]
NeedlessYesOption = Annotated[
    bool, typer.Option("--yes", help="Taken for scripts: this command never asks.")
]
DetachOption = Annotated[
    bool,
    typer.Option(
        "--detach",
        help="Return once operations run or only waiting is left; `resume` continues.",
    ),
]
WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait",
        help="In a freeze: begin now, claim the stack sets, and wait for its end. Without it, the "
        "command ends with 4 at once.",
    ),
]
RemovalsOption = Annotated[
    int | None,
    typer.Option(
        "--allow-removals",
        metavar="N",
        min=0,
        help="Let N accounts lose stack instances, instead of guards.max_removed_accounts.",
    ),
]
DepartedOption = Annotated[
    int | None,
    typer.Option(
        "--allow-departed",
        metavar="N",
        min=0,
        help="Detach the stack instances of N accounts that the organization no longer has, "
        "instead of guards.max_departed_accounts.",
    ),
]
RecoverOption = Annotated[
    bool,
    typer.Option(
        "--recover-inoperable",
        help="Detach stack instances that are INOPERABLE, and import the stacks that are still "
        "there; create only where none is.",
    ),
]
RefreshOption = Annotated[
    Literal["incremental", "full"],
    typer.Option(
        "--refresh",
        help="Read what operations changed since the last time, or read all stack instances again.",
    ),
]
