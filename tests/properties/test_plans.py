"""Properties of every plan, after any earlier manifests and any events."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.state.state import Outcome
from tests.pairwise import pairwise
from tests.properties.life import NAME, Life
from tests.properties.population import FIXED, Population, populations
from tests.properties.test_refresh import check, live, living, settled
from tests.properties.variants import WAYS, History, Step, Variant, histories, variants
from tests.stage import DEV, PROD, TOPICS

pytestmark = pytest.mark.slow

ROUTE: list[Step] = [
    ("their_create", (PROD[:2], ("us-east-1",), {"Other": "theirs"})),
    ("wait", (1_000,)),
    ("apply", (Variant(units=("/Prod",), suffix="b", special=PROD[2]),)),
    ("detect_drift", ()),
    ("their_delete", (PROD[2:4], ("eu-west-1",), True)),
    ("begin_and_stop", (Variant(suffix="a", waves=True), 3)),
    ("auto_deploy", (True,)),
    ("move", (PROD[1], "/Dev")),
    ("suspend", (PROD[4],)),
    ("wait", (1_000,)),
    ("their_definition", ("c", DEV, ("us-east-1",))),
]
LAST = Variant(suffix="b", special=DEV[1])
EDITS = [
    Variant(),
    Variant(units=("/Prod",), accounts=DEV, excluded=(PROD[0],)),
    Variant(units=("/Prod/Regulated", "/Lab"), accounts=(*PROD[:3], DEV[1]), suffix="b"),
    Variant(units=("/",), excluded_units=("/Lab",), special="/Dev", retain=False),
]
DEFAULTS = {"Suffix": "a", "Other": "b"}  # of the template
OURS = {"apply", "begin_and_stop"}
COMBINATIONS = [{**each, "requests_per_second": None} for each in pairwise()]


def apply_and_check(life: Life, variant: Variant) -> Plan:
    """Apply a variant exactly as planned, plan again, and return the first plan."""
    life.repair()
    ways = ways_of(life)
    if ways and variant.updates_by not in ways:
        variant = replace(variant, updates_by=ways[0])
    if is_stranded(life, variant):
        life.apply(replace(variant, excluded_units=("/",)))
        assume(not is_stranded(life, variant))  # by stacks in suspended accounts, which stay
    before = len(life.sandbox.stack_set(NAME).operations)
    done = life.apply(variant)
    if done.state.outcome is not Outcome.SUCCEEDED and not ways:
        return done.plan  # it does not claim to have succeeded
    assert done.state.outcome is Outcome.SUCCEEDED, done.state.failures
    begun = life.sandbox.operations(NAME)[before:]
    assert {(o.action, pair) for o in begun for pair in o.targets} == planned(done.plan)
    check_deployed(life, variant, done.plan)
    for remembering in (True, False):
        again = life.plan_of(life.picture(remembering=remembering))
        assert isinstance(again[0], Plan), again
        assert again[0].is_empty, list(again[0].changes())
    return done.plan


def check_deployed(life: Life, variant: Variant, plan: Plan) -> None:
    """Check in the sandbox itself: the desired stacks are there as desired, and no others.

    Suspended accounts aside, which nothing can be done about, and INOPERABLE stack instances, which
    the plan says it leaves alone.
    """
    desired = life.picture().desired.stack_sets[TOPICS]
    stack_set, accounts = life.sandbox.stack_set(NAME), life.sandbox.organization.accounts
    asleep = {a for a, account in accounts.items() if account.state != "ACTIVE"}
    there = {p: i for p, i in stack_set.instances.items() if i.account not in asleep}
    assert there.keys() == set(desired.pairs)
    stuck = {p for p in desired.pairs if there[p].status == "INOPERABLE"}
    told = [w for w in plan.warnings if "left alone, which no update reaches" in w]
    assert bool(told) == bool(stuck), plan.warnings
    for pair, chosen in desired.pairs.items():
        instance = there[pair]
        if pair in stuck:
            continue
        runs = stack_set.previous.get(instance.applied_version, stack_set.definition)
        wanted = {**DEFAULTS, "Suffix": variant.suffix, **desired.parameter_sets[chosen]}
        assert {**DEFAULTS, **runs.parameters, **instance.overrides} == wanted


def ways_of(life: Life) -> tuple[str, ...]:
    """Return by which ways updates bring a definition along there: see `test_update_ways`."""
    settings = life.sandbox.simulation.settings
    by_instances = settings.update_instances_definition == "current"
    by_stack_set = settings.omitted_parameters == "keep"
    return tuple(
        way for way, works in zip(WAYS, (by_instances, by_stack_set), strict=True) if works
    )


def is_stranded(life: Life, variant: Variant) -> bool:
    """Return whether old stack instances have to go first, since a definition would reach them."""
    life.variant = variant
    made = life.plan_of(life.picture())
    if isinstance(made[0], Plan):
        return False
    assert all("remove the old stack instances first" in reason for reason in made), made
    return True


def planned(plan: Plan) -> set[tuple[str, tuple[str, str]]]:
    """Return the changes of a plan, and the places it sends definitions to, as AWS names them."""
    detached = {OperationAction.DETACH: "DELETE"}
    return {
        (detached.get(o.action, o.action.upper()), pair)
        for o in plan.operations
        for pair in o.rectangle.pairs
    }


def live_on(past: History, chosen: dict[str, Any]) -> Plan:
    """Let all events happen, and apply the last variant.

    Others are let end before anything of ours: what they do between a plan and its operations is
    known to neither.
    """
    with living(past.population, **chosen) as life:
        life.apply(past.first)
        for step in past.story:
            if step[0] in OURS:
                life.let_others_end()
            life.happen(step)
        return apply_and_check(life, past.last)


@pytest.mark.parametrize("undocumented", [[{}], COMBINATIONS], ids=["as usual", "or not"])
def test_a_plan_after_an_apply_is_empty(
    undocumented: list[dict[str, Any]],
) -> None:
    """And more than half of the plans have something to do."""
    plans: list[Plan] = []

    @given(past=histories(), chosen=st.sampled_from(undocumented))
    @settled(60)
    def told(past: History, chosen: dict[str, Any]) -> None:
        plans.append(live_on(past, chosen))

    told()
    assert sum(not plan.is_empty for plan in plans) > len(plans) / 2


@pytest.mark.parametrize("number", range(len(COMBINATIONS)))
def test_a_plan_after_an_apply_is_empty_for_each_undocumented_behaviour(number: int) -> None:
    """Throttling aside, which takes time, and with it the moment that is compared."""
    chosen = COMBINATIONS[number]
    with living(**chosen) as life:
        life.apply(Variant())
        live(life, ROUTE, lagging=True)
        assert not apply_and_check(life, LAST).is_empty
    assert edit(FIXED, [(variant, "/Dev") for variant in EDITS], **chosen)


def edit(population: Population, edits: Sequence[tuple[Variant, str]], **chosen: Any) -> int:
    """Apply one manifest after the other, while accounts move; return how many pairs were removed.

    What is there, and is still wanted, must stay.
    """
    removed = 0
    with living(population, **chosen) as life:
        life.apply(edits[0][0])
        for account, (variant, unit) in zip(population.accounts, edits[1:], strict=False):
            life.happen(("move", (account, unit)))
            life.wait_until_listed()
            if is_stranded(life, variant):
                continue
            there, desired = life.sandbox.stack_set(NAME).instances.keys(), wanted_of(life)
            stay = {
                pair: life.sandbox.stack_set(NAME).instances[pair].stack_id
                for pair in there & desired
            }
            before = len(life.sandbox.operations(NAME))
            life.apply(variant)
            going = [
                o.targets for o in life.sandbox.operations(NAME)[before:] if o.action == "DELETE"
            ]
            assert all(desired.isdisjoint(targets) for targets in going)
            now = life.sandbox.stack_set(NAME).instances
            assert stay == {pair: now[pair].stack_id for pair in stay if pair in now}
            removed += sum(map(len, going))
        life.wait_until_listed()
        check(life)
    return removed


def wanted_of(life: Life) -> set[Pair]:
    """Return the pairs that the present manifest wants."""
    return set(life.picture().desired.stack_sets[TOPICS].pairs)


@st.composite
def sequences(draw: st.DrawFn) -> tuple[Population, list[tuple[Variant, str]]]:
    """Draw an organization, and manifests that follow each other, each after an account moved."""
    population = draw(populations())
    units = st.sampled_from(("/", *population.units))
    one = st.tuples(variants(population), units)
    return population, draw(st.lists(one, min_size=3, max_size=5))


def test_an_edit_that_keeps_a_pair_desired_never_removes_it() -> None:
    """Exclusions that go, units that are split, accounts that move: filters are never compared."""
    removed: list[int] = []

    @given(sequence=sequences())
    @settled(40)
    def told(sequence: tuple[Population, list[tuple[Variant, str]]]) -> None:
        removed.append(edit(*sequence))

    told()
    assert sum(map(bool, removed)) > len(removed) / 2
