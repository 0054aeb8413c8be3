"""What holds for every organization and every choice of targets."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Block, Targets
from orgrollout.model.ids import AccountId, Pair, Region, UnitId
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit
from tests.organization.small import HOME, IRELAND, ONLY, TOKYO, loader, resolve, targeting

REGIONS = (HOME, IRELAND, TOKYO)
ROOT = UnitId("r-root")
UNITS = [UnitId(f"ou-root-{index}") for index in range(6)]
ACCOUNTS = [AccountId(f"10000000000{index}") for index in range(8)]
MANAGEMENT = ACCOUNTS[0]
STATES = [AccountState.ACTIVE] * 4 + [AccountState.SUSPENDED, AccountState.PENDING_CLOSURE]


@cache
def a_manifest() -> LoadedManifest:
    with TemporaryDirectory() as folder:
        regions = f"[{', '.join(REGIONS)}]"
        return loader(Path(folder))(targeting("all", regions, "guards: {on_empty_targets: ok}\n"))


def desired(targets: Targets, here: Organization) -> DesiredStackSet:
    loaded = a_manifest()
    stack_set = loaded.manifest.stack_sets[ONLY].model_copy(update={"targets": targets})
    manifest = loaded.manifest.model_copy(update={"stack_sets": {ONLY: stack_set}})
    return resolve(replace(loaded, manifest=manifest), here).stack_sets[ONLY]


def an_organization(parents: Iterable[int], accounts: Iterable[Account]) -> Organization:
    units = {ROOT: Unit(id=ROOT, name="Root", parent=None, path="/")}
    for index, (id_, parent) in enumerate(zip(UNITS, parents, strict=True)):
        above = units[ROOT if parent < 0 else UNITS[parent]]
        path = f"{above.path.rstrip('/')}/U{index}"
        units[id_] = Unit(id=id_, name=f"U{index}", parent=above.id, path=path)
    return Organization(
        id="o-a1b2c3d4e5",
        management_account=MANAGEMENT,
        root=ROOT,
        units=units,
        accounts={account.id: account for account in accounts},
    )


def _account(id_: AccountId) -> st.SearchStrategy[Account]:
    return st.builds(
        Account,
        id=st.just(id_),
        name=st.just(id_),
        state=st.just(AccountState.ACTIVE) if id_ == MANAGEMENT else st.sampled_from(STATES),
        parent=st.sampled_from([ROOT, *UNITS]),
        tags=st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")),
    )


def _some(values: Iterable[str]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True)


organizations = st.builds(
    an_organization,
    st.tuples(*(st.integers(-1, index - 1) for index in range(len(UNITS)))),
    st.tuples(*(_account(id_) for id_ in ACCOUNTS)),
)
conditions = st.fixed_dictionaries(
    {
        "organizational_units": _some([*UNITS, ROOT]),
        "accounts": _some(ACCOUNTS),
        "tags": st.none() | st.just({"a": ["x"]}) | st.just({"a": ["x", "y"], "b": ["y"]}),
        "match": st.sampled_from(["all", "any"]),
        "regions": _some(REGIONS),
    }
)
blocks = conditions.filter(lambda c: c["organizational_units"] or c["accounts"] or c["tags"])
includes = st.lists(blocks, min_size=1, max_size=3)
excludes = st.lists(blocks.map(lambda block: {**block, "reason": "vendor"}), max_size=2)


def _targets(include: list[dict[str, Any]], exclude: Iterable[dict[str, Any]] = ()) -> Targets:
    return Targets.model_validate({"include": include, "exclude": list(exclude)})


def holds(block: Block, account: Account, region: Region, here: Organization) -> bool:
    """Return whether a block is about a pair, read off the manifest word by word."""
    above: set[str] = set()
    unit: UnitId | None = account.parent
    while unit is not None:
        above.add(unit)
        unit = here.units[unit].parent
    tags = account.tags or {}
    tag_answers = [tags.get(key) in values for key, values in (block.tags or {}).items()]
    return (
        (block.organizational_units is None or not above.isdisjoint(block.organizational_units))
        and (block.accounts is None or account.id in block.accounts)
        and (block.tags is None or (any if block.match == "any" else all)(tag_answers))
        and (block.regions is None or region in block.regions)
    )


@pytest.mark.slow
@given(organizations, includes, excludes)
def test_a_pair_is_desired_exactly_if_a_block_includes_it_and_none_excludes_it(
    here: Organization, include: list[dict[str, Any]], exclude: list[dict[str, Any]]
) -> None:
    targets = _targets(include, exclude)
    expected = {
        Pair(account.id, region)
        for account in here.accounts.values()
        for region in REGIONS
        if account.id != MANAGEMENT and account.state is AccountState.ACTIVE
        if any(holds(block, account, region, here) for block in targets.include)
        and not any(holds(block, account, region, here) for block in targets.exclude)
    }
    assert desired(targets, here).pairs.keys() == expected


@given(organizations, includes, excludes)
def test_exclusion_always_wins(
    here: Organization, include: list[dict[str, Any]], exclude: list[dict[str, Any]]
) -> None:
    excluded = desired(_targets(include, exclude), here)
    for block in _targets(include, exclude).exclude:
        for pair in excluded.pairs:
            assert not holds(block, here.accounts[pair.account], pair.region, here)
    assert excluded.pairs.keys() <= desired(_targets(include), here).pairs.keys()


@pytest.mark.slow
@given(organizations, includes, excludes, st.sampled_from(UNITS))
def test_adding_a_unit_only_adds_pairs_of_its_accounts(
    here: Organization,
    include: list[dict[str, Any]],
    exclude: list[dict[str, Any]],
    unit: UnitId,
) -> None:
    before = desired(_targets(include, exclude), here).pairs
    more = [*include, {"organizational_units": [unit]}]
    after = desired(_targets(more, exclude), here).pairs
    block = Block(organizational_units=(unit,))

    assert before.items() <= after.items()
    for pair in after.keys() - before.keys():
        assert holds(block, here.accounts[pair.account], pair.region, here)


@pytest.mark.slow
@given(organizations, includes, excludes, st.data())
def test_the_order_of_blocks_makes_no_difference(
    here: Organization,
    include: list[dict[str, Any]],
    exclude: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    before = desired(_targets(include, exclude), here)
    shuffled = data.draw(st.permutations(include)), data.draw(st.permutations(exclude))
    after = desired(_targets(*shuffled), here)

    assert list(before.pairs.items()) == list(after.pairs.items())
    assert _states(before) == _states(after)


@pytest.mark.slow
@given(organizations, st.sets(st.sampled_from(UNITS), min_size=2), st.data())
def test_moving_an_account_between_targeted_units_changes_no_pair(
    here: Organization, units: set[UnitId], data: st.DataObject
) -> None:
    """A move must never look like a removal."""
    account = data.draw(st.sampled_from(ACCOUNTS))
    start, end = data.draw(st.permutations(sorted(units)).map(lambda order: order[:2]))
    targets = _targets([{"organizational_units": sorted(units)}])

    assert desired(targets, _moved(here, account, start)).pairs == (
        desired(targets, _moved(here, account, end)).pairs
    )


@given(organizations, includes, excludes)
def test_every_pair_has_one_answer_and_nothing_is_outside_the_organization(
    here: Organization, include: list[dict[str, Any]], exclude: list[dict[str, Any]]
) -> None:
    found = desired(_targets(include, exclude), here)
    by_account = [Pair(account, region) for account in found.left_out for region in REGIONS]
    answers = [*found.pairs, *found.left_out_pairs, *by_account]

    assert len(answers) == len(set(answers))
    assert set(answers) == {Pair(account, region) for account in ACCOUNTS for region in REGIONS}
    assert found.rules.keys() == here.accounts.keys() - found.left_out.keys()


def _states(found: DesiredStackSet) -> Mapping[object, str]:
    left_out: dict[object, str] = {key: why.state for key, why in found.left_out.items()}
    return left_out | {pair: why.state for pair, why in found.left_out_pairs.items()}


def _moved(here: Organization, account: AccountId, unit: UnitId) -> Organization:
    moved = replace(here.accounts[account], parent=unit)
    return replace(here, accounts={**here.accounts, account: moved})
