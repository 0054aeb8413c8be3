"""Where a manifest goes: Regions as each account has them, units that move, values from outside."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orgrollout.aws.regions import read_enabled_regions
from orgrollout.aws.transport.connection import connect
from orgrollout.errors import AccessDeniedError, ManifestError
from orgrollout.manifest.regions import PARTITIONS, is_opt_in
from orgrollout.model.ids import Pair, Region
from orgrollout.model.operation import OperationAction
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, DEV, EU, PROD, Stage, changed, organization, pairs

CAPE_TOWN = Region("af-south-1")  # an opt-in Region


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[Stage]:
    """A stage with an opt-in Region that one account has enabled."""
    with Sandbox.start(organization()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        regions_of(stage).enable_region(RegionName=CAPE_TOWN)
        regions_of(stage).enable_region(AccountId=PROD[0], RegionName=CAPE_TOWN)
        yield stage


def regions_of(stage: Stage) -> Any:
    """Return the API that enables and disables Regions."""
    return stage.sandbox.session().client("account")


def everywhere(**more: Any) -> dict[str, Any]:
    return {
        **deepcopy(BASE),
        "targets": {"accounts": [PROD[0], DEV[0]]},
        "regions": ["enabled"],
        **more,
    }


def test_enabled_selects_the_enabled_regions_of_each_account(wide: Stage) -> None:
    """A Region that an account has not enabled fails there, and no message says why."""
    rollout = wide.apply(everywhere())

    by_default = {Region(r) for r, p in PARTITIONS.items() if p == "aws" and not is_opt_in(r)}
    expected = pairs([PROD[0], DEV[0]], by_default) | {Pair(PROD[0], CAPE_TOWN)}
    assert len(by_default) == 17
    assert changed(rollout.plan, OperationAction.CREATE) == expected
    assert wide.deployed() == expected
    assert wide.plan(everywhere()).is_empty


def test_regions_of_accounts_are_read_only_where_a_manifest_says_enabled(wide: Stage) -> None:
    wide.plan()
    assert not [c for c in wide.sandbox.calls if c.operation == "ListRegions"]

    wide.plan(everywhere())

    asked = [c for c in wide.sandbox.calls if c.operation == "ListRegions"]
    assert len(asked) == len(wide.sandbox.organization.accounts) - 1  # one is suspended


def test_a_region_that_is_enabled_later_is_added_and_nothing_else_changes(wide: Stage) -> None:
    wide.apply(everywhere())
    regions_of(wide).enable_region(AccountId=DEV[0], RegionName=CAPE_TOWN)

    plan = wide.plan(everywhere())

    assert changed(plan, OperationAction.CREATE) == {Pair(DEV[0], CAPE_TOWN)}
    assert plan.counts().total() == 1


def test_a_region_that_is_disabled_later_deletes_nothing(wide: Stage) -> None:
    wide.apply(everywhere())
    regions_of(wide).disable_region(AccountId=PROD[0], RegionName=CAPE_TOWN)

    plan = wide.plan(everywhere())

    assert plan.is_empty
    assert any(PROD[0] in w and "has not enabled the Region" in w for w in plan.warnings)


def test_a_caller_who_may_not_list_the_regions_is_told_so(wide: Stage) -> None:
    member = connect(session=wide.sandbox.session(PROD[0]), clock=wide.sandbox.clock)

    with pytest.raises(AccessDeniedError, match="account:ListRegions"):
        read_enabled_regions(member, [PROD[0], DEV[0]])


def test_a_renamed_unit_selected_by_id_is_the_same_unit(stage: Stage) -> None:
    unit = stage.sandbox.organization.find("/Dev")
    by_id = {**BASE, "targets": {"organizational_units": ["/Prod", unit]}}
    stage.apply(by_id)
    stage.sandbox.organization.units[unit].name = "Development"

    assert stage.plan(by_id).is_empty


def test_a_renamed_unit_selected_by_path_removes_nothing(stage: Stage) -> None:
    """A path that is gone must not read as `no longer targeted`."""
    stage.apply()
    stage.sandbox.organization.units[stage.sandbox.organization.find("/Dev")].name = "Devs"

    with pytest.raises(ManifestError, match=r"no organizational unit `/Dev`.*Did you mean `/Devs`"):
        stage.plan()


def test_a_whole_unit_that_moves_below_another_targeted_one_changes_nothing(stage: Stage) -> None:
    stage.apply()
    here = stage.sandbox.organization
    here.units[here.find("/Prod/Regulated")].parent_id = here.find("/Dev")

    assert stage.plan().is_empty


def test_a_value_from_the_environment_arrives_in_the_account(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOPIC_SUFFIX", "from-outside")
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": "${env:TOPIC_SUFFIX}"}

    stage.apply(manifest)

    assert stage.display_name(Pair(DEV[0], EU)) == "from-outside-b"
    assert stage.plan(manifest).is_empty
    monkeypatch.setenv("TOPIC_SUFFIX", "other")
    assert changed(stage.plan(manifest), OperationAction.UPDATE) == pairs((*PROD, *DEV))
