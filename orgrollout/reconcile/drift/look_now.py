"""A look at a few stacks as they are now, instead of what the last detection told of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from orgrollout.drift.classify import classify
from orgrollout.drift.finding import FindingKind
from orgrollout.drift.findings import Findings
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.drift.single_stacks import SingleStacks
from orgrollout.reconcile.reading.inventory import Progress

_PATIENCE = timedelta(minutes=5)  # what asks for it has 15 minutes for all that it does


def looked_now(
    found: Findings,
    stacks: Mapping[StackSetKey, Mapping[Pair, str]],
    role: MemberRole,
    context: Context,
    progress: Progress,
) -> Findings:
    """Return the findings with what is found now in the stacks that were meant.

    A stack that could not be looked at now is one that no detection tells of.
    """
    views = {look.key: look.view for look in found.stack_sets if look.view is not None}
    meant = {(look.key, pair) for look in found.stack_sets for pair in look.meant}
    places = sorted((k, p) for k, p in meant if k in views and p in stacks.get(k, {}))
    progress(f"looking at {len(places):,} stacks as they are now")
    looking = SingleStacks(stacks, role, context, _PATIENCE)
    seen = looking.at(places)
    whole = seen.keys() - looking.partial
    if unseen := len(meant) - len(whole):
        progress(f"{unseen:,} stacks could not be looked at{looking.why}")
    kept = (f for f in found.findings if f.kind is not FindingKind.RESOURCE)
    now = context.clock.now()
    fresh = (
        finding
        for (key, pair), drifts in sorted(seen.items())
        for finding in classify(views[key], pair, drifts, now)
    )
    looks = tuple(
        replace(look, told=frozenset(pair for key, pair in whole if key == look.key))
        for look in found.stack_sets
    )
    return replace(found, findings=(*fresh, *kept), stack_sets=looks)
