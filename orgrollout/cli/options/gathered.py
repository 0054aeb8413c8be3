"""How typer sees a command: groups of options spelled out; `--sandbox` takes a file or none.

A command takes a group as one parameter: ``reach: Reach``. ``gathered`` spells the fields out, each
an option, and puts them together again.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from orgrollout.cli.options.defaults import from_environment, from_file, setting
from orgrollout.cli.options.groups import SANDBOX, STARTER, Logs
from orgrollout.cli.options.help_pages import PlainCommand, PlainGroup
from orgrollout.cli.options.manifest_here import manifest_in
from orgrollout.cli.options.shared import CoverageFormat
from orgrollout.model.logs import log_of

_LOG = log_of(__name__)
_TYPED: ContextVar[frozenset[str]] = ContextVar("typed", default=frozenset())


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
        if SANDBOX not in args:
            return args
        place = args.index(SANDBOX)
        following = args[place + 1 : place + 2]
        without = [*args[:place], f"{SANDBOX}={STARTER}", *args[place + 1 :]]
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
