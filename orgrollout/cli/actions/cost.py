"""`cost`: what the baseline of a manifest costs each month, by example prices or the user's own."""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.builtin import PREFIX
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey
from orgrollout.organization.desired import DesiredState
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.reconcile.reading.organization import read_for
from orgrollout.reconcile.reading.plan_request import check_home_region
from orgrollout.report.money import PRICES, VOLUMES, Input, Place, estimate
from orgrollout.report.money_text import money_blocks, money_json


def cost(
    manifest: Path, reach: Reach, format_: str, *, prices: Iterable[str], volumes: Iterable[str]
) -> int:
    """Show an estimate of what the manifest's stack sets cost each month once they are deployed."""
    own_prices = _numbers("--price", prices, PRICES)
    own_volumes = _numbers("--volume", volumes, VOLUMES)
    screen = Screen(format_)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        session.say_who()
        home = check_home_region(loaded, session.planning)
        with screen.working():
            organization = read_for(loaded.manifest, session.planning, screen.progress)
        now = session.planning.clock.now()
        desired = desired_stack_sets(loaded, organization, home_region=home, now=now)
    others = [key for key in desired.stack_sets if _builtin(loaded, key) is None]
    found = estimate(_places(loaded, desired), others, own_prices, own_volumes)
    screen.result(money_blocks(found), money_json(found))
    return DONE


def _places(loaded: LoadedManifest, desired: DesiredState) -> Iterator[Place]:
    """Yield each wanted stack instance of the templates that come along."""
    for key, stack_set in desired.stack_sets.items():
        template = _builtin(loaded, key)
        if template is None or stack_set.absent:
            continue
        own = {
            each.name: each.default
            for each in loaded.templates[key].parameters.values()
            if each.default is not None
        } | dict(stack_set.definition.parameters)
        for digest in stack_set.pairs.values():
            values = {**own, **stack_set.parameter_sets.get(digest, {})}
            yield Place(stack_set=key, template=template, parameters=values)


def _builtin(loaded: LoadedManifest, key: StackSetKey) -> str | None:
    """Return the name of a template that comes along, or nothing for a template of the user."""
    named = loaded.manifest.stack_sets[key].template or ""
    return named.removeprefix(PREFIX) if named.startswith(PREFIX) else None


def _numbers(option: str, given: Iterable[str], known: Mapping[str, Input]) -> Mapping[str, float]:
    """Return the numbers of `KEY=NUMBER`.

    Raises:
        WrongUsageError: There is no such key, or what stands there is not a number from 0 on.
    """
    found: dict[str, float] = {}
    for text in given:
        key, _, number = text.partition("=")
        if key not in known:
            hint = did_you_mean(key, known, f"Write one of {', '.join(known)}.")
            raise WrongUsageError(f"{option} {text}: there is no `{key}`. {hint}")
        try:
            found[key] = float(number)
        except ValueError:
            found[key] = math.nan
        if not 0 <= found[key] < math.inf:
            raise WrongUsageError(f"{option} {text}: write a number from 0 on, as in {key}=2.5.")
    return found
