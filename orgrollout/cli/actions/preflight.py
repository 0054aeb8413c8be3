"""`preflight`: what would fail, before it does."""

from pathlib import Path

from orgrollout.cli.errors import DONE, FINDINGS, UNSEEN
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.options.names import role_named
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.preflight.check import preflight as judge
from orgrollout.reconcile.advice.preflight import gather
from orgrollout.reconcile.member_accounts.preflight_facts import Looking
from orgrollout.report.preflight import preflight_blocks, preflight_json


def preflight(manifest: Path, reach: Reach, format_: str, looking: Looking) -> int:
    """Show what would fail and how to fix it; 3 with findings, 5 if a check could look nowhere."""
    role_named(looking.role)
    screen = Screen(format_)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        session.say_who()
        with screen.working():
            facts = gather(loaded, session.planning, looking, screen.progress)
    checks = judge(facts)
    screen.result(preflight_blocks(checks), preflight_json(checks))
    if any(check.findings for check in checks):
        return FINDINGS
    return UNSEEN if any(check.blind for check in checks) else DONE
