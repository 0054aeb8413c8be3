"""What the manifest accepts of one stack set at a moment: differences, and checks that are broken.

`drift.ignore` and `waivers` say so. One is about a resource of the template by its logical id, with
a property or without; or about a posture check by its name; or about one thing that a check is
broken for by its id, such as a VPC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import DriftIgnore, Waiver
from orgrollout.manifest.text.document import FieldPath, dotted
from orgrollout.manifest.waivers import holds, is_of_check, named_by, until_words
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.organization.selection import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A difference, or a broken check, that is accepted in one stack set, and where."""

    stack_set: StackSetKey
    resource: str  # a logical id; or a check, its subject after a space; or a subject
    property: str | None = None  # None: the whole resource
    of_check: bool = False
    is_waiver: bool = False  # of `waivers`: then it has an owner and an end
    reason: str = ""  # and how long
    place: str = ""  # where the manifest says so
    accounts: frozenset[AccountId] | None = None  # None: all
    regions: frozenset[Region] | None = None  # None: all

    def is_at(self, pair: Pair) -> bool:
        """Return whether it is accepted in this account and Region."""
        in_account = self.accounts is None or pair.account in self.accounts
        return in_account and (self.regions is None or pair.region in self.regions)


def acceptance_of(rule: DriftIgnore, place: str = "") -> Acceptance:
    """Return what a rule of `drift.ignore` accepts: everywhere."""
    return Acceptance(
        stack_set=StackSetKey(rule.stack_set),
        resource=rule.resource,
        property=rule.property,
        of_check=is_of_check(rule),
        reason=until_words(rule),
        place=place,
    )


def acceptances(
    loaded: LoadedManifest, key: StackSetKey, selector: Selector, now: datetime
) -> Iterator[Acceptance]:
    """Yield what is accepted of a stack set; what has ended accepts nothing."""
    for index, rule in enumerate(loaded.manifest.drift.ignore):
        if rule.stack_set == key and holds(rule, now):
            yield acceptance_of(rule, dotted(("drift", "ignore", index)))
    for index, waiver in enumerate(loaded.manifest.waivers):
        if waiver.waives != "deployment" and waiver.is_about(key) and holds(waiver, now):
            yield _of_waiver(waiver, ("waivers", index), key, selector)


def _of_waiver(waiver: Waiver, path: FieldPath, key: StackSetKey, selector: Selector) -> Acceptance:
    where = selector.where(waiver, path)
    return Acceptance(
        stack_set=key,
        resource=named_by(waiver) if waiver.waives == "check" else waiver.resource or "",
        property=waiver.property,
        of_check=waiver.waives == "check",
        is_waiver=True,
        reason=until_words(waiver),
        place=dotted(path),
        accounts=where.accounts if where else None,
        regions=where.regions if where else None,
    )
