"""`report`: the page of a manifest or of one rollout, written to a file."""

import json
import sys
from pathlib import Path
from typing import Any

from orgrollout.cli.actions.rollout.next_steps import commands_for
from orgrollout.cli.actions.rollout.plan import picture_of
from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.files import must_be_writable, replace_file
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.report.layout.words import count

_MANIFESTS = {".yaml", ".yml", ".json"}


def report(subject: Path, reach: Reach, format_: str, *, out: Path | None, refresh: Refresh) -> int:
    """Write the page, or the document that it is drawn from."""
    if out is not None:
        must_be_writable(out)
    elif format_ == "html" and sys.stdout.isatty():
        raise WrongUsageError("A page is nothing to read in a terminal. Name a file: --out FILE.")
    screen = Screen("json" if out is None else "text")
    if _is_rollout(subject):
        document = _of_rollout(str(subject), reach, screen)
    else:
        document = _of_manifest(subject, reach, screen, refresh)
    text = _written(document, format_)
    if out is None:
        screen.raw(text)
        return DONE
    replace_file(out, [text, "\n"])
    rows = count(sum(document["summary"].values()), "stack instance")
    screen.say(f"Wrote {out}: {rows}, {len(text) / 1e6:,.1f} MB. It names accounts and resources.")
    return DONE


def _is_rollout(subject: Path) -> bool:
    """Return whether a rollout is named: there is no such file, nor does it look like one."""
    return not subject.exists() and subject.suffix not in _MANIFESTS and len(subject.parts) == 1


def _of_rollout(name: str, reach: Reach, screen: Screen) -> dict[str, Any]:
    with open_session(reach, screen, read_only=True) as session:
        rollout = session.client.rollout(name)
        return session.client.rollout_page(rollout, commands=commands_for(rollout, session))


def _of_manifest(path: Path, reach: Reach, screen: Screen, refresh: Refresh) -> dict[str, Any]:
    loaded = load_manifest(path)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        picture = picture_of(loaded, session, refresh=refresh, drift=True)
        with screen.working():
            return session.client.page(loaded, picture, commands=_commands(loaded, session))


def _commands(loaded: LoadedManifest, session: Session) -> list[tuple[str, str]]:
    if session.forgets:
        return []
    return [
        ("what would change", session.command("plan", loaded)),
        ("carry it out", session.command("apply", loaded)),
        ("look for drift", session.detection(loaded)),
        ("repair what drifted", session.command("resync", loaded)),
    ]


def _written(document: dict[str, Any], format_: str) -> str:
    if format_ == "json":
        return json.dumps(document, separators=(",", ":"))
    from orgrollout.report.page.html import page_html  # noqa: PLC0415 - JSON needs none of it

    return page_html(document)
