"""Does AWS Config deliver into the archive? AWS documents disagree on which guard lets it in.

Seen where a delivery channel of the manifest is deployed already, such as after the canary wave.
"""

from collections.abc import Iterator, Mapping

from orgrollout.inventory.inventory import Inventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.words import count
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.preflight.delivery_guards import BY_HAND, FOLDERS, GUARD, Delivering, switch
from orgrollout.preflight.facts import Facts
from orgrollout.preflight.finding import Check, Finding, Unknown
from orgrollout.preflight.preconditions import Place, is_deployed, places_in_words, posture_of

NAME = "delivery of AWS Config"
_CHANNEL = "channel"


def deliveries_of(
    loaded: LoadedManifest, desired: Mapping[StackSetKey, DesiredStackSet], inventory: Inventory
) -> Mapping[Place, tuple[PostureCheck, ...]]:
    """Return which channels that the manifest makes can be looked at, and where."""
    return {
        (key, pair): checks
        for key, each in desired.items()
        for pair in each.pairs
        if is_deployed(each, inventory, pair)
        if (checks := tuple(_channels(loaded, each, pair)))
    }


def _channels(
    loaded: LoadedManifest, desired: DesiredStackSet, pair: Pair
) -> Iterator[PostureCheck]:
    for check in posture_of(loaded, desired, pair):
        if check.shows_delivery and check.arguments.get(_CHANNEL):
            yield check


def deliveries(facts: Facts) -> Check:
    """Say which guard is set, and whether delivery has been seen under it.

    That nothing was delivered so far is no good news and no finding.
    """
    wanted = deliveries_of(facts.loaded, facts.desired, facts.inventory)
    guard = guard_of(facts)
    seen: list[Pair] = []
    failed: dict[tuple[StackSetKey, str], list[Pair]] = {}
    gaps: dict[str, None] = {}
    for place in wanted:
        state, reason = _answer(facts, place)
        if state is PostureState.OK:
            seen.append(place[1])
        elif state is PostureState.BROKEN:
            failed.setdefault((place[0], reason), []).append(place[1])
        else:
            gaps[f"{_told(guard)}: {reason}"] = None
    told = f"{_told(guard)}: {_seen(seen)}" if seen or guard else "there is no channel to look at"
    return Check(
        name=NAME,
        findings=tuple(_finding(facts, guard, key, why, p) for (key, why), p in failed.items()),
        not_checked=tuple(gaps),
        expected=(told,) if seen and (failed or gaps) else (),
        looked_at=told,
    )


def _seen(pairs: list[Pair]) -> str:
    if not pairs:
        return "no channel is deployed yet; look again after the canary wave"
    return f"delivery was seen in {count(len(pairs), 'account-Region')}"


def _answer(facts: Facts, place: Place) -> tuple[PostureState, str]:
    found = facts.deliveries.get(place)
    if found is None or isinstance(found, Unknown):
        return PostureState.UNKNOWN, found.reason if found else facts.beyond
    worst = _worst(found)
    return worst.state, worst.reason


def _worst(found: tuple[PostureSeen, ...]) -> PostureSeen:
    order = (PostureState.BROKEN, PostureState.UNKNOWN, PostureState.OK)
    return min(found, key=lambda each: order.index(each.state))


def guard_of(facts: Facts) -> tuple[StackSetKey, str] | None:
    """Return the stack set of the archive and its guard; None: the manifest makes no archive."""
    for key, template in facts.loaded.templates.items():
        parameter = template.parameters.get(GUARD)
        if parameter is not None and key in facts.desired:
            given = facts.desired[key].definition.parameters.get(GUARD)
            return key, str(given or parameter.default)
    return None


def _told(guard: tuple[StackSetKey, str] | None) -> str:
    return f"{GUARD} {guard[1]}" if guard else "an archive that is not of the manifest"


def _finding(
    facts: Facts,
    guard: tuple[StackSetKey, str] | None,
    key: StackSetKey,
    why: str,
    pairs: list[Pair],
) -> Finding:
    return Finding(
        where=f"stack set {key}: {places_in_words(pairs)}",
        why=f"AWS Config does not deliver ({_told(guard)}): {why}.",
        mend=_switch(facts, *guard) if guard else BY_HAND,
    )


def _switch(facts: Facts, archive: StackSetKey, guard: str) -> str:
    """Return the next guard to try, to be pasted into the manifest."""
    pairs = (pair for each in facts.desired.values() for pair in each.pairs)
    folders = {
        key: name
        for key, template in facts.loaded.templates.items()
        for name in FOLDERS
        if name in template.parameters and key in facts.desired
    }
    delivering = Delivering(
        accounts=frozenset(pair.account for pair in pairs),
        folders=folders,
        organization=facts.organization.id,
    )
    return switch(archive, guard, delivering)
