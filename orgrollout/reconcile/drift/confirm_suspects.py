"""A second look at what may be false drift: at exactly that stack, with a role that may read it."""

from collections.abc import Mapping
from dataclasses import replace

from orgrollout.drift.classify import second_look
from orgrollout.drift.findings import Findings
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.drift.single_stacks import SingleStacks
from orgrollout.reconcile.reading.inventory import Progress


def confirm(
    found: Findings,
    stacks: Mapping[StackSetKey, Mapping[Pair, str]],
    role: MemberRole,
    context: Context,
    progress: Progress,
) -> Findings:
    """Return the findings with what a second look made of suspects.

    Where no one could look, they stay suspects: no more is known, and nothing is repaired.
    """
    places = sorted({(f.stack_set, f.pair) for f in found.suspects})
    known = [place for place in places if place[1] in stacks.get(place[0], {})]
    if not known:
        return found
    progress(f"a second look at {len(known):,} stacks whose drift may be false")
    looking = SingleStacks(stacks, role, context)
    seen = looking.at(known)
    if unseen := [place for place in known if not seen.get(place)]:
        progress(f"{len(unseen):,} of them could not be looked at and stay suspects{looking.why}")
    views = {look.key: look.view for look in found.stack_sets if look.view is not None}
    return replace(found, findings=tuple(second_look(found.findings, seen, views)))
