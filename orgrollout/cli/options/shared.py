"""The options that commands have in common, declared once.

A command takes a group of them as one parameter: ``reach: Reach``. ``gathered`` spells the fields
out for typer, each an option, and puts them together again.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import typer

from orgrollout.cli.logs import LogFormat, LogLevel, begin_logs
from orgrollout.cli.options import completion
from orgrollout.cli.options.defaults import from_environment, from_file, path_setting, setting
from orgrollout.cli.options.help_pages import PlainCommand, PlainGroup
from orgrollout.cli.options.manifest_here import manifest_in
from orgrollout.model.logs import log_of

_LOG = log_of(__name__)

STARTER = ""  # `--sandbox` without a file: the organization that comes along
_SANDBOX = "--sandbox"
_LOG_PANEL = "Logs"
_TYPED: ContextVar[frozenset[str]] = ContextVar("typed", default=frozenset())

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
            _SANDBOX,
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


class Command(PlainCommand):
    """A command whose `--sandbox` takes a file or none.

    What follows is the file, unless that would leave a required argument without a value.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; help names no type where it would say nothing."""
        return _without_needless_types(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run it, after noting which options were given."""
        sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
        given = {name for name, source in sources.items() if source and source.name != "DEFAULT"}
        _TYPED.set(frozenset(given))
        return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, after `--sandbox` was given a value in every case."""
        return super().parse_args(ctx, self._with_sandbox_value(ctx, args))

    def _with_sandbox_value(self, ctx: Any, args: list[str]) -> list[str]:
        if _SANDBOX not in args:
            return args
        place = args.index(_SANDBOX)
        following = args[place + 1 : place + 2]
        without = [*args[:place], f"{_SANDBOX}={STARTER}", *args[place + 1 :]]
        if not following or following[0].startswith("-"):
            return without
        if "://" in following[0]:
            return args
        arguments = [p for p in self.params if p.param_type_name == "argument"]
        required = [p for p in arguments if p.required or p.name in {"manifest", "account"}]
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        lacks = any(not isinstance(given.get(p.name), str) for p in required if p.name)
        return without if lacks else args


class Group(PlainGroup):
    """A group of commands, whose own flags are shown alike."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; help names no type where it would say nothing."""
        return _without_needless_types(super().get_params(ctx))


def _without_needless_types(parameters: Iterable[Any]) -> list[Any]:
    """Return them: a flag takes no value, and an argument is a text, a path or one of a few."""
    found = list(parameters)
    for each in found:
        if getattr(each, "is_flag", False) or each.param_type_name == "argument":
            each.display_type_rich = lambda **_: None
    return found


def gathered(command: Callable[..., int]) -> Callable[..., None]:
    """Return a command for typer: option groups spelled out, and its result the exit code."""
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, tuple[type[Any], list[str]]] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        kind = hints[name]
        if isinstance(kind, type) and is_dataclass(kind):
            groups[name] = (kind, [f.name for f in fields(kind)])
            parameters += _options(kind)
        else:
            parameters.append(
                parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY)
            )

    @functools.wraps(command)
    def run(**values: Any) -> None:
        values = _where_nothing_is_said(values, hints)
        made = {
            name: kind(**{each: values.pop(each) for each in names})
            for name, (kind, names) in groups.items()
        }
        for group in made.values():
            if isinstance(group, Logs):
                group.begin()
        _LOG.info("begins: %s", command.__name__.strip("_"))
        raise typer.Exit(command(**values, **made))

    # Typer keeps the line breaks of later paragraphs, and then breaks the lines once more.
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    run.__doc__ = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _where_nothing_is_said(values: dict[str, Any], hints: dict[str, Any]) -> dict[str, Any]:
    """Return what was given, with what holds otherwise: see `here` and `defaults`."""
    found = dict(values)
    manifest = found.get("manifest")
    # Two ledgers say themselves what they are of, and `confirm` needs no manifest.
    needs_none = found.get("diff") is not None or found.get("for_") is not None
    if isinstance(manifest, Path) and manifest.is_dir() and not needs_none:
        found["manifest"] = manifest_in(manifest)
    if found.get("sandbox", "") is None:  # it goes to AWS
        found["profile"] = found["profile"] or from_environment("profile") or from_file("profile")
        found["journal"] = found["journal"] or from_environment("journal")
    if "format_" in found and "format_" not in _TYPED.get():
        found["format_"] = _format(found["format_"], hints["format_"])
    return found


def _format(otherwise: str, hint: Any) -> str:
    """Return the format that is set for all commands, where this one has it."""
    wanted = setting("format", get_args(CoverageFormat))
    if wanted is None:
        return otherwise
    choices = get_args(get_args(hint)[0])
    return wanted if wanted in choices else otherwise


def _options(kind: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name]
        )
        for f in fields(kind)
    ]
