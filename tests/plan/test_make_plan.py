"""What no sequence of edits may do, for every organization and every choice of targets."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.schema import Guards
from orgrollout.model.ids import Pair, digest_of
from orgrollout.model.stack_set import DeployedStackSet, InstanceStatus, StackInstance
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Account, AccountState, Organization
from orgrollout.plan.build.compare import Differences, compare
from orgrollout.plan.build.membership import membership_of
from tests.organization.test_properties import (
    ACCOUNTS,
    ROOT,
    UNITS,
    _targets,
    an_organization,
    desired,
    excludes,
    includes,
    organizations,
)

Edit = tuple[Organization, list[dict[str, Any]], list[dict[str, Any]]]
edits = st.lists(st.tuples(organizations, includes, excludes), min_size=2, max_size=6)
# How long inputs take to make says more of the machine than of the test.
UNHURRIED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
guards = st.builds(Guards, detach_suspended=st.booleans())


def wanted(edit: Edit, *, retain: bool) -> DesiredStackSet:
    here, include, exclude = edit
    return replace(desired(_targets(include, exclude), here), retain_stacks=retain)


def deployed(of: DesiredStackSet, instances: Iterable[Pair]) -> StackSetInventory:
    """Return the inventory in which exactly these pairs are deployed, as they were wanted."""
    stack_set = DeployedStackSet(name=of.name, id=of.name, arn=of.name, definition=of.definition)
    found: Mapping[Pair, StackInstance] = {
        pair: StackInstance(
            pair=pair,
            status=InstanceStatus.CURRENT,
            detailed_status="SUCCEEDED",
            overrides={},
        )
        for pair in instances
    }
    return StackSetInventory(deployed=stack_set, instances=found)


def applied(before: frozenset[Pair], differences: Differences) -> frozenset[Pair]:
    return (before | differences.creates.keys()) - {*differences.detaches, *differences.deletes}


@UNHURRIED
@given(sequence=edits, guarded=guards, retain=st.booleans())
def test_no_sequence_of_edits_that_keeps_a_pair_desired_ever_removes_it(
    *, sequence: list[Edit], guarded: Guards, retain: bool
) -> None:
    """Exclusions come and go, units are moved, accounts are suspended: pairs are compared."""
    there: frozenset[Pair] = frozenset()
    for edit in sequence:
        now = wanted(edit, retain=retain)
        differences = compare(now, deployed(now, there), membership_of(edit[0], guarded))
        removed = {*differences.detaches, *differences.deletes}

        assert removed.isdisjoint(now.pairs)
        assert removed <= there
        assert removed.isdisjoint(differences.creates)
        there = applied(there, differences)
        assert now.pairs.keys() <= there


@pytest.mark.slow
@UNHURRIED
@given(sequence=edits, guarded=guards, retain=st.booleans())
def test_a_pair_that_is_neither_desired_nor_left_alone_is_removed_once(
    *, sequence: list[Edit], guarded: Guards, retain: bool
) -> None:
    """Else a plan after an apply would never be empty."""
    there: frozenset[Pair] = frozenset()
    for edit in sequence:
        now = wanted(edit, retain=retain)
        membership = membership_of(edit[0], guarded)
        differences = compare(now, deployed(now, there), membership)
        there = applied(there, differences)
        again = compare(now, deployed(now, there), membership)

        assert not [*again.changing]
        assert set(there - now.pairs.keys()) == again.left_alone.keys()


@UNHURRIED
@given(sequence=edits, retain=st.booleans())
def test_nothing_is_ever_deleted_where_it_is_kept_or_out_of_reach(
    *, sequence: list[Edit], retain: bool
) -> None:
    """Only an active member can lose a stack, and only where the manifest does not keep it."""
    there: frozenset[Pair] = frozenset()
    for edit in sequence:
        now = wanted(edit, retain=retain)
        membership = membership_of(edit[0], Guards(detach_suspended=True))
        differences = compare(now, deployed(now, there), membership)

        assert not (retain and differences.deletes)
        assert {pair.account for pair in differences.deletes} <= membership.active
        there = applied(there, differences)


def test_the_digest_of_no_overrides_is_what_the_inventory_above_relies_on() -> None:
    """Else every pair would be an update, and the properties would hold for another reason."""
    here = _one()
    now = desired(_targets([{"organizational_units": ["r-root"]}]), here)

    assert set(now.pairs.values()) == {digest_of({})}
    assert not [*compare(now, deployed(now, now.pairs), membership_of(here, Guards())).changing]


def _one() -> Organization:
    members = [Account(id=a, name=a, state=AccountState.ACTIVE, parent=ROOT) for a in ACCOUNTS]
    return an_organization([-1] * len(UNITS), members)
