"""`service package` and `service status`."""

from pathlib import Path
from typing import Any

from orgrollout import api
from orgrollout.cli.errors import DONE
from orgrollout.cli.terminal.files import create_file
from orgrollout.cli.terminal.recording import recorded_in
from orgrollout.cli.terminal.screen import Screen
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.service.package import make_package
from orgrollout.service.status import Deployed, deployed_service
from orgrollout.service.wheels import Architecture, Target


def package(architecture: Architecture, out: Path) -> int:
    """Write the zip that the functions of the service run."""
    screen = Screen("text")
    with screen.working():
        made = make_package(Target(architecture=architecture))
    create_file(out, made.content)
    screen.say(
        f"{out}: {len(made.content):,} bytes ({made.unzipped:,} unzipped) for python3.13 on "
        f"{architecture.value}, with {made.wheels} packages; SHA-256 {made.digest}"
    )
    return DONE


def status(
    stack: str, profile: str | None, region: str | None, format_: str, *, record: Path | None
) -> int:
    """Show what is deployed of the service."""
    screen = Screen(format_)
    with recorded_in(record, screen) as recorder:
        connection = api.connection(profile=profile, home_region=region, recorder=recorder)
        found = deployed_service(connection, stack)
    screen.result(_blocks(found), _json(found))
    return DONE


def _blocks(found: Deployed) -> list[Block]:
    rows = {
        "stack": f"{found.stack}, {found.status}",
        "code": f"{found.code} on {found.architecture}",
        **found.schedules,
        **{name: value for name, value in found.outputs.items() if name != "CodeKey"},
    }
    width = max(map(len, rows))
    return [Line(text=f"{name:<{width}}  {value}") for name, value in rows.items()]


def _json(found: Deployed) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "stack": found.stack,
        "status": found.status,
        "code": found.code,
        "architecture": found.architecture,
        "schedules": dict(found.schedules),
        "outputs": dict(found.outputs),
    }
