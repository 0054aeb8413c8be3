"""How many stack instances each waiver of a manifest is about, in an organization as it is."""

from orgrollout.manifest.waivers import WrittenWaiver
from orgrollout.organization.desired import DesiredStackSet, DesiredState


def waived_pairs(desired: DesiredState, waiver: WrittenWaiver) -> int:
    """Return in how many places a waiver leaves out or accepts something; one that ended: in none.

    A place that several waivers or exclusions name counts for the first of them.
    """
    sets = [desired.stack_sets[key] for key in waiver.stack_sets if key in desired.stack_sets]
    if waiver.waives == "deployment":
        return sum(_left_out(each, waiver.place) for each in sets)
    return sum(_accepting(each, waiver.place) for each in sets)


def _left_out(desired: DesiredStackSet, place: str) -> int:
    accounts = sum(why.rule == place for why in desired.left_out.values())
    pairs = sum(why.rule == place for why in desired.left_out_pairs.values())
    return accounts * len(desired.regions) + pairs


def _accepting(desired: DesiredStackSet, place: str) -> int:
    rules = [rule for rule in desired.accepts if rule.place == place]
    return sum(any(rule.is_at(pair) for rule in rules) for pair in desired.pairs)
