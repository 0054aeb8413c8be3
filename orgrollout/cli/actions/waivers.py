"""`waivers`: what the manifest accepts, why, who answers for it, and when each ends."""

from pathlib import Path

from orgrollout.cli.errors import DONE
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.waivers import written_waivers
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.organization.waived_pairs import waived_pairs
from orgrollout.reconcile.reading.organization import read_for
from orgrollout.reconcile.reading.plan_request import check_home_region
from orgrollout.report.waivers import ShownWaiver, waivers_blocks, waivers_json


def waivers(manifest: Path, reach: Reach, format_: str) -> int:
    """Show every waiver, rule of `drift.ignore` and exclusion, those that ended included."""
    screen = Screen(format_)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        session.say_who()
        home = check_home_region(loaded, session.planning)
        with screen.working():
            organization = read_for(loaded.manifest, session.planning, screen.progress)
        now = session.planning.clock.now()
        desired = desired_stack_sets(loaded, organization, home_region=home, now=now)
    shown = [
        ShownWaiver(waiver=waiver, pairs=waived_pairs(desired, waiver))
        for waiver in written_waivers(loaded)
    ]
    screen.result(
        waivers_blocks(shown, desired.ending, now), waivers_json(shown, desired.ending, now)
    )
    return DONE
