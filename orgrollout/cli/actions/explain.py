"""`explain`: one account under one manifest."""

from dataclasses import dataclass
from pathlib import Path

from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.filters import regions_of
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.options.manifest_here import HERE, manifest_in
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import Region
from orgrollout.plan.explain import AccountExplained
from orgrollout.reconcile.advice.explain_account import explain
from orgrollout.report.explain import explain_blocks, explain_json


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained."""

    manifest: Path
    account: str
    region: str | None


def what_is_asked(manifest: Path, account: str | None, region: str | None) -> Asked:
    """Return what the words of the command mean; the manifest may be left out.

    What comes first and is no file is the account, and then the second is the Region.

    Raises:
        WrongUsageError: No account is named, or none of the manifests of this folder is meant.
    """
    is_manifest = manifest.exists() or manifest.suffix in {".yaml", ".yml"}
    if account is not None and region is None and not is_manifest and account in PARTITIONS:
        return Asked(manifest_in(HERE), str(manifest), account)
    if account is not None:
        return Asked(manifest, account, region)
    if is_manifest:
        raise WrongUsageError(
            f"which account? Name it after the manifest: orgrollout explain {manifest} ACCOUNT"
        )
    return Asked(manifest_in(HERE), str(manifest), None)


def explain_account(asked: Asked, reach: Reach, format_: str) -> int:
    """Show why an account is in or out, what it has, and what a plan would do about it."""
    screen = Screen(format_)
    loaded = load_manifest(asked.manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        session.say_who()
        with screen.working():
            region = _region(asked.region, loaded, session)
            found = explain(loaded, session.planning, asked.account, region)
        _must_concern(region, found, loaded, session)
        now = session.context.clock.now()
    screen.result(explain_blocks(found, now), explain_json(found))
    return DONE


def _region(name: str | None, loaded: LoadedManifest, session: Session) -> Region | None:
    regions = regions_of(loaded, session.connection.home_region)
    if name is not None and name not in regions | PARTITIONS.keys():
        raise WrongUsageError(f"{name}: there is no such Region. {did_you_mean(name, regions)}")
    return None if name is None else Region(name)


def _must_concern(
    name: str | None, found: AccountExplained, loaded: LoadedManifest, session: Session
) -> None:
    """Refuse a Region where nothing is to be, and nothing is left from before."""
    regions = regions_of(loaded, session.connection.home_region)
    if name is None or name in regions or any(each.regions for each in found.stack_sets):
        return
    raise WrongUsageError(
        f"{name}: no stack set of {loaded.path} goes there, and none has anything there in this "
        f"account. {did_you_mean(name, regions)}"
    )
