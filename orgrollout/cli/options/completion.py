"""What a shell proposes after a Tab: names from the manifest in the folder and from journals here.

Offline, and never an error: where something cannot be read, nothing of it is proposed. A journal in
a bucket is not asked.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import typer

from orgrollout.cli.options.defaults import from_environment, from_file
from orgrollout.cli.options.manifest_here import manifest_in

_JOURNALS = ("*.sqlite", "*.sqlite3", "*.db")
_MOST = 50  # journals that are opened; a Tab must not take long
_PATIENCE = 0.2  # seconds, while another process writes

_Source = Callable[[typer.Context], Iterable[str]]
Completion = Callable[[typer.Context, str], list[str]]


def _proposed(source: _Source) -> Completion:
    """Return a callback that gives the names of ``source`` with a beginning, and never fails."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            names = set(source(ctx))
        except Exception:  # noqa: BLE001 - an error in the middle of a command line helps no one
            return []
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


@_proposed
def rollouts(ctx: typer.Context) -> Iterator[str]:
    """Yield the names of the rollouts in the journals of this machine."""
    for key, _ in _documents(ctx, "rollout/", values=False):
        yield key.removeprefix("rollout/")


@_proposed
def stack_sets(ctx: typer.Context) -> Iterable[str]:
    """Return the keys of the manifest's stack sets."""
    return _mapping(ctx, "stack_sets")


@_proposed
def accounts(ctx: typer.Context) -> Iterator[str]:
    """Yield the manifest's names, and names and ids of the organization as it was last read."""
    import json  # noqa: PLC0415

    yield from _mapping(ctx, "accounts")
    for _, value in _documents(ctx, "organization", values=True):
        known: dict[str, Any] = json.loads(value)["organization"]["accounts"]
        for identifier, account in known.items():
            yield identifier
            yield account["name"]


@_proposed
def states(_ctx: typer.Context) -> Iterable[str]:
    """Return the states of coverage."""
    from orgrollout.rollout.coverage import CoverageState  # noqa: PLC0415 - slow to import

    return [state.value for state in CoverageState]


@_proposed
def failure_classes(_ctx: typer.Context) -> Iterable[str]:
    """Return the classes of failures, as an option takes them."""
    from orgrollout.rollout.state.failure_classes import FailureClass  # noqa: PLC0415

    return [kind.value.replace(" ", "_") for kind in FailureClass]


def _mapping(ctx: typer.Context, key: str) -> dict[str, Any]:
    """Return a mapping of the manifest that is named, or of the one in this folder."""
    import yaml  # noqa: PLC0415 - slow to import

    named = ctx.params.get("manifest")
    path = Path(named) if named else Path()
    path = manifest_in(path) if path.is_dir() else path
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return dict(document.get(key) or {})


def _documents(ctx: typer.Context, prefix: str, *, values: bool) -> Iterator[tuple[str, str]]:
    """Yield documents of the local journals whose keys have a beginning."""
    import sqlite3  # noqa: PLC0415 - help should not wait for it

    query = f"SELECT key, {'value' if values else 'NULL'} FROM documents WHERE key LIKE ?"  # noqa: S608
    for path in _journals(ctx):
        try:
            url = f"{path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(url, uri=True, timeout=_PATIENCE)) as journal:
                yield from journal.execute(query, (f"{prefix}%",)).fetchall()
        except sqlite3.Error:
            continue


def _journals(ctx: typer.Context) -> list[Path]:
    from platformdirs import user_state_path  # noqa: PLC0415

    named = ctx.params.get("journal") or from_environment("journal") or from_file("journal")
    base = Path(named).expanduser() if named and "://" not in named else None
    base = base or user_state_path("orgrollout")
    if base.is_file():
        return [base]
    found = [path for pattern in _JOURNALS for path in base.glob(f"**/{pattern}")]
    return sorted(found, key=os.path.getmtime, reverse=True)[:_MOST]
