"""`explain`: one account under one manifest."""

from pathlib import Path

from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options import Reach
from orgrollout.cli.screen import Screen
from orgrollout.cli.session import Session, open_session
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.shorthand import did_you_mean
from orgrollout.model.ids import Region
from orgrollout.reconcile.explaining import explain
from orgrollout.report.explain import explain_blocks, explain_json


def explain_account(
    manifest: Path, account: str, region: str | None, reach: Reach, format_: str
) -> int:
    """Show why an account is in or out, what it has, and what a plan would do about it."""
    screen = Screen(format_)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        session.say_who()
        with screen.working():
            where = _region(region, loaded, session)
            found = explain(loaded, session.planning, account, where)
        now = session.world.clock.now()
    screen.result(explain_blocks(found, now), explain_json(found))
    return DONE


def _region(name: str | None, loaded: LoadedManifest, session: Session) -> Region | None:
    if name is None:
        return None
    home = session.connection.home_region
    regions = {
        home if region == "home" else region
        for key in loaded.templates
        for region in loaded.regions(key)
    }
    if name not in regions:
        hint = did_you_mean(name, regions)
        raise WrongUsageError(f"{name}: no stack set of {loaded.path} goes there. {hint}")
    return Region(name)
