"""Waivers: what they leave out, until which second, and that no place is lost in the sum."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Waiver
from orgrollout.manifest.text.values import ends_at
from orgrollout.manifest.waivers import written_waivers
from orgrollout.model.ids import Pair
from orgrollout.organization.desired import DesiredState
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.organization.waived_pairs import waived_pairs
from orgrollout.rollout.coverage import CoverageState, cover_stack_set
from tests.organization.small import (
    ARCHIVE,
    CLOSED,
    HOME,
    IRELAND,
    LEDGER,
    ONLY,
    PLAY,
    SHOP,
    TRIAL,
    Load,
    loader,
    organization,
    pairs,
    reasons,
    targeting,
)

SECOND = timedelta(seconds=1)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
BOTH = "[us-east-1, eu-west-1]"
WAIVER = """
waivers:
  - waives: deployment
    accounts: ["200000000001"]
    reason: vendor image
    ticket: SEC-7
    owner: shop
    until: %s
"""


def wanted(loaded: LoadedManifest, now: datetime = NOW) -> DesiredState:
    return desired_stack_sets(loaded, organization(), home_region=HOME, now=now)


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2027-01-31T18:00:05+01:00", datetime(2027, 1, 31, 17, 0, 5, tzinfo=UTC)),
        ('"2027-01-31 18:00:05Z"', datetime(2027, 1, 31, 18, 0, 5, tzinfo=UTC)),
    ],
)
def test_a_waiver_holds_until_the_second_before_its_end(
    load: Load, until: str, ends: datetime
) -> None:
    """A day counts in full; a moment is the first at which the waiver no longer holds."""
    loaded = load(targeting("all", BOTH, WAIVER % until))

    held = wanted(loaded, ends - SECOND)
    over = wanted(loaded, ends)

    assert not held.stack_sets[ONLY].pairs.keys() & pairs([SHOP], HOME, IRELAND)
    assert held.accounts.waived == 1
    assert over.stack_sets[ONLY].pairs.keys() > pairs([SHOP], HOME, IRELAND)
    assert over.accounts.waived == 0
    (said,) = over.ending
    assert said.startswith('waivers[0]: the waiver "vendor image" ended on 2027-01-31')
    assert said.endswith("it no longer leaves anything out; owner: shop.")


def test_an_end_is_told_thirty_days_before_and_ever_after(load: Load) -> None:
    """A waiver that ends while no one looks is a surprise; one that ended is never dropped."""
    loaded = load(targeting("all", BOTH, WAIVER % "2027-01-31T00:00:00Z"))
    ends = datetime(2027, 1, 31, tzinfo=UTC)

    assert wanted(loaded, ends - timedelta(days=30, seconds=1)).ending == ()
    (soon,) = wanted(loaded, ends - timedelta(days=30)).ending
    assert 'the waiver "vendor image" ends in 30 days, on 2027-01-31' in soon
    (today,) = wanted(loaded, ends - SECOND).ending
    assert "ends in less than a day" in today
    later = wanted(loaded, ends + timedelta(days=2000))
    assert len(later.ending) == 1
    assert set(later.ending) <= set(later.warnings)


def test_a_waiver_says_why_and_covers_only_what_would_be_there_without_it(load: Load) -> None:
    """An exclusion and a suspended account keep their own reason: they would stay without it."""
    targets = """{include: [{organizational_units: [/Workloads]}],
      exclude: [{organizational_units: [/Workloads/Prod/Regulated], reason: by hand}]}"""
    waiver = (
        "waivers: [{waives: deployment, organizational_units: [/], reason: move, owner: me, "
        "until: 2027-01-01}]\nguards: {on_empty_targets: ok}\n"
    )
    loaded = load(targeting(targets, BOTH, waiver))

    found = wanted(loaded)

    why = reasons(found.stack_sets[ONLY])
    assert why[SHOP] == why[TRIAL] == "waived: waivers[0]: move (until 2027-01-01)"
    assert why[LEDGER].startswith("excluded: ")
    assert why[CLOSED] == "skipped: account is SUSPENDED"
    assert why[PLAY] == "out_of_scope: no target selects it"
    waived, excluded = written_waivers(loaded)
    assert waived_pairs(found, waived) == 2 * 2
    assert waived_pairs(found, excluded) == 1 * 2
    assert waived_pairs(wanted(loaded, datetime(2027, 1, 2, tzinfo=UTC)), waived) == 0


def test_every_place_that_accepts_something_is_listed_once(load: Load) -> None:
    """Targets of a group are written once, however many stack sets share them."""
    loaded = load(
        """
        target_groups:
          most: {include: all, exclude: [{accounts: ["111122223333"], reason: by hand}]}
        targets: most
        regions: [us-east-1]
        stack_sets:
          one: {template: plain.yaml}
          two: {template: plain.yaml}
        drift:
          ignore: [{stack_set: two, resource: Topic, reason: names, ticket: SEC-1}]
        waivers:
          - {waives: drift, stack_sets: [one], resource: Topic, property: /DisplayName,
             accounts: ["200000000001"], reason: vendor, owner: shop, until: 2027-01-01}
        """
    )
    found = wanted(loaded)

    told = [(w.place, w.waives, w.stack_sets, w.what) for w in written_waivers(loaded)]

    assert told == [
        ("waivers[0]", "drift", ("one",), "Topic/DisplayName"),
        ("drift.ignore[0]", "drift", ("two",), "Topic"),
        ("target_groups.most.exclude[0]", "deployment", ("one", "two"), ""),
    ]
    assert [waived_pairs(found, waiver) for waiver in written_waivers(loaded)] == [1, 4, 2]


@cache
def a_manifest() -> LoadedManifest:
    with TemporaryDirectory() as folder:
        return loader(Path(folder))(targeting("all", BOTH, "guards: {on_empty_targets: ok}\n"))


def covers(waiver: Waiver, pair: Pair, now: datetime) -> bool:
    """Return what the manual says: every condition holds, and the end is not reached."""
    accounts, units, regions = waiver.accounts, waiver.organizational_units, waiver.regions
    return (
        (accounts is None or pair.account in accounts)
        and (units is None or pair.account in {SHOP, LEDGER, TRIAL, CLOSED})
        and (regions is None or pair.region in regions)
        and now < ends_at(waiver.until)
    )


MOMENTS = st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
WAIVERS = st.lists(
    st.builds(
        Waiver,
        waives=st.just("deployment"),
        accounts=st.none()
        | st.sets(st.sampled_from([ARCHIVE, SHOP, LEDGER, CLOSED]), min_size=1).map(tuple),
        organizational_units=st.none() | st.just(("/Workloads",)),
        regions=st.sampled_from([("us-east-1",), ("eu-west-1", "us-east-1")]),
        reason=st.just("why"),
        owner=st.just("me"),
        until=MOMENTS,
    ),
    max_size=4,
)


@given(waivers=WAIVERS, now=MOMENTS)
def test_the_states_add_up_whatever_is_waived(waivers: list[Waiver], now: datetime) -> None:
    """Each account and Region has one state; without the waivers, what they cover is missing."""
    loaded = a_manifest()
    manifest = loaded.manifest.model_copy(update={"waivers": tuple(waivers)})
    with_them = wanted(replace(loaded, manifest=manifest), now)
    without = wanted(loaded, now)

    rows = list(cover_stack_set(with_them.stack_sets[ONLY], None, None))
    plain = {row.pair: row.state for row in cover_stack_set(without.stack_sets[ONLY], None, None)}

    everything = pairs(organization().accounts, HOME, IRELAND)
    assert Counter(row.pair for row in rows) == Counter(everything)
    states = {row.pair: row.state for row in rows}
    changed = {pair for pair in everything if states[pair] is not plain[pair]}
    assert {plain[pair] for pair in changed} <= {CoverageState.MISSING}
    assert changed == {pair for pair in everything if states[pair] is CoverageState.WAIVED}
    missing = {pair for pair, state in plain.items() if state is CoverageState.MISSING}
    assert changed == {p for p in missing if any(covers(w, p, now) for w in waivers)}
    of = with_them.accounts
    parts = (of.targeted, of.management, of.excluded, of.waived, of.not_targeted)
    assert sum(parts) + sum(of.not_active.values()) == of.total
