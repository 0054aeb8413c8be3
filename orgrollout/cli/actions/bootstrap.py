"""`bootstrap`: what the organization still needs, as words, commands or a template. Runs none."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from orgrollout.bootstrap.as_text import as_script, as_template
from orgrollout.bootstrap.steps import State, Step, steps
from orgrollout.cli.errors import DONE
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.options.names import account_named, role_named
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.reconcile.advice.bootstrap import Options, situation
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.plan.as_text import FORMAT_VERSION

BootstrapFormat = Literal["text", "json", "cli", "cloudformation"]
_STYLES = {State.NEEDED: "yellow", State.DONE: "green", State.UNKNOWN: "dim"}


def bootstrap(
    manifest: Path,
    reach: Reach,
    format_: BootstrapFormat,
    probe_role: str | None,
    delegate: str | None,
) -> int:
    """Show what is needed; nothing is run, whatever the format."""
    screen = Screen(format_)
    loaded = load_manifest(manifest)
    asked = Options(
        probe_role=role_named(probe_role),
        delegate=account_named(delegate, loaded.manifest),
    )
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        session.say_who()
        with screen.working():
            found = situation(loaded, session.planning, asked, screen.progress)
    todo = steps(found)
    match format_:
        case "cli":
            screen.raw(as_script(todo).rstrip("\n"))
        case "cloudformation":
            screen.raw(as_template(found).rstrip("\n"))
        case _:
            screen.result(_blocks(todo), _json(todo))
    return DONE


def _blocks(todo: Sequence[Step]) -> Iterator[Block]:
    for step, after in zip_longest(todo, todo[1:]):
        text = f"{step.state:<8} {step.what}: in {step.where}"
        yield Line(text=text, style=_STYLES[step.state])
        if step.state is State.DONE or (after and _same(step) == _same(after)):
            continue  # said once, below the last of them
        yield Line(text=f"  {step.why}")
        yield from (Line(text=f"    {_short(command)}", style="bold") for command in step.commands)
    yield Line(text="Nothing was run. --format cli or cloudformation gives it in full.")


def _same(step: Step) -> tuple[object, ...]:
    """Return what is said once of several steps that have it in common."""
    return step.state, step.why, step.commands


def _short(command: str, most: int = 140) -> str:
    return command if len(command) <= most else f"{command[:most]}..."


def _json(todo: Sequence[Step]) -> dict[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "steps": [
            {
                "what": step.what,
                "state": step.state.value,
                "where": step.where,
                "why": step.why,
                "commands": list(step.commands),
            }
            for step in todo
        ],
    }
