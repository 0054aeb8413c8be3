"""Units are found by what people call them, and accounts by where they are."""

from dataclasses import replace

import pytest

from orgrollout.model.ids import UnitId
from orgrollout.organization.snapshot import Unit
from orgrollout.organization.tree import OrganizationTree
from tests.organization.small import (
    CLOSED,
    LEDGER,
    MANAGEMENT,
    SHOP,
    TRIAL,
    organization,
    unit,
)

TREE = OrganizationTree(organization())


@pytest.mark.parametrize("reference", ["/Workloads/Test", "ou-root-test", "Test"])
def test_a_unit_is_found_by_its_path_its_id_or_its_name(reference: str) -> None:
    assert TREE.units_called(reference) == (unit("/Workloads/Test"),)


@pytest.mark.parametrize("reference", ["/", "r-root", "Root"])
def test_the_root_has_three_names(reference: str) -> None:
    assert TREE.units_called(reference) == (unit("/"),)


@pytest.mark.parametrize("reference", ["test", "/workloads/test", "Workloads/Test", "Tes", ""])
def test_only_the_exact_spelling_is_found(reference: str) -> None:
    """Two units may differ in nothing but the case of a letter."""
    assert TREE.units_called(reference) == ()


def test_a_name_in_several_places_finds_all_of_them() -> None:
    found = TREE.units_called("Prod")
    assert set(found) == {unit("/Workloads/Prod"), unit("/Sandbox/Prod")}


def test_a_name_with_a_slash_makes_its_path_ambiguous() -> None:
    """AWS allows `Workloads/Test` as a name, directly below the root."""
    odd = UnitId("ou-root-odd")
    here = organization()
    named = Unit(id=odd, name="Workloads/Test", parent=here.root, path="/Workloads/Test")
    tree = OrganizationTree(replace(here, units={**here.units, odd: named}))

    assert set(tree.units_called("/Workloads/Test")) == {odd, unit("/Workloads/Test")}
    assert tree.units_called("Workloads/Test") == (odd,)


def test_an_id_means_its_unit_even_where_another_is_called_like_it() -> None:
    here = organization()
    odd = UnitId("ou-root-odd")
    named = Unit(id=odd, name="ou-root-test", parent=here.root, path="/ou-root-test")
    tree = OrganizationTree(replace(here, units={**here.units, odd: named}))

    assert tree.units_called("ou-root-test") == (unit("/Workloads/Test"),)


def test_a_unit_stands_for_every_account_below_it_in_any_state() -> None:
    assert TREE.accounts_under(unit("/Workloads")) == {SHOP, LEDGER, TRIAL, CLOSED}
    assert TREE.accounts_under(unit("/")) == TREE.members
    assert TREE.accounts_under(unit("/Empty")) == frozenset()


def test_an_account_knows_what_is_above_it() -> None:
    assert TREE.path_of(LEDGER) == "/Workloads/Prod/Regulated"
    assert TREE.path_of(MANAGEMENT) == "/"
    assert TREE.ancestors(LEDGER) == (
        unit("/Workloads/Prod/Regulated"),
        unit("/Workloads/Prod"),
        unit("/Workloads"),
        unit("/"),
    )
