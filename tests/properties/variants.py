"""Variants of manifests, events, and whole histories of both."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.properties.population import TIERS, Population, populations, some
from tests.stage import BASE

REGIONS = ("us-east-1", "eu-west-1")
WAYS = ("update_stack_instances", "update_stack_set")

Step = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Variant:
    """The parts of a manifest that vary."""

    units: tuple[str, ...] = ("/Prod", "/Dev")
    accounts: tuple[str, ...] = ()  # in addition to the units
    tiers: tuple[str, ...] = ()  # accounts with these tags, in addition
    narrow: bool = False  # the additional accounts, in one Region only
    excluded: tuple[str, ...] = ()  # accounts
    excluded_units: tuple[str, ...] = ()
    regions: tuple[str, ...] = REGIONS
    suffix: str = "a"
    special: str = ""  # an account, or the path of a unit, with parameters of its own
    waves: bool = False
    retain: bool = True
    updates_by: str = "update_stack_instances"

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; removals are allowed, and accounts that are named may have left."""
        made = deepcopy(BASE)
        exclude = [
            *_named(accounts=self.excluded),
            *_named(organizational_units=self.excluded_units),
        ]
        made["targets"] = {"include": self._include() or _named(organizational_units=("/",))}
        if exclude:
            made["targets"]["exclude"] = [{**block, "reason": "not now"} for block in exclude]
        made["regions"] = list(self.regions)
        made["guards"] = {
            "max_removed_accounts": 100,
            "on_empty_targets": "ok",
            "on_missing_target": "warn",
            "retain_stacks": self.retain,
        }
        topics = made["stack_sets"]["topics"]
        topics["adopt"] = True  # another user may have made it again
        topics["parameters"] = {"Suffix": self.suffix}
        if self.special:
            kind = "organizational_units" if self.special.startswith("/") else "accounts"
            where = {kind: [self.special]}
            topics["parameter_overrides"] = [{"targets": where, "parameters": {"Other": "own"}}]
        made["rollout"] = {"updates_by": self.updates_by}
        if self.waves:
            made["rollout"]["waves"] = [{"name": "canary", "percent": 20}]
        return made

    def _include(self) -> list[dict[str, Any]]:
        besides = [*_named(accounts=self.accounts), *_named(tags=self.tiers)]
        where: dict[str, Any] = {"regions": [REGIONS[0]]} if self.narrow else {}
        return [*_named(organizational_units=self.units), *({**b, **where} for b in besides)]


def variants(population: Population) -> st.SearchStrategy[Variant]:
    """Draw a variant of the manifest for an organization."""
    return st.builds(
        Variant,
        units=some(population.units),
        accounts=some(population.accounts),
        tiers=some(TIERS),
        narrow=st.booleans(),
        excluded=some(population.accounts, most=2),
        excluded_units=some(population.units, most=1),
        regions=st.sampled_from([REGIONS, REGIONS[:1]]),
        suffix=st.sampled_from(["a", "b"]),
        special=st.sampled_from(["", *population.accounts, *population.units]),
        waves=st.booleans(),
        retain=st.booleans(),
        updates_by=st.sampled_from(WAYS),
    )


def steps(population: Population) -> st.SearchStrategy[Step]:
    """Draw one thing that may happen, each by the name of a method of `Life`."""
    variant, account = variants(population), st.sampled_from(population.accounts)
    unit = st.sampled_from(("/", *population.units))
    accounts = some(population.accounts, least=1)
    where = st.sampled_from([REGIONS, REGIONS[:1], REGIONS[1:]])
    values = st.sampled_from([{}, {"Other": "theirs"}, {"Other": "own"}])
    return st.one_of(
        _step("apply", variant),
        _step("apply", variant),
        _step("begin_and_stop", variant, st.integers(1, 6)),
        _step("fail", account, st.integers(1, 5)),
        _step("plan", variant),
        _step("their_create", accounts, where, values),
        _step("their_update", accounts, where, values),
        _step("their_delete", accounts, where, st.booleans()),
        _step("their_definition", st.sampled_from("abc"), st.none() | accounts, where),
        _step("detect_drift"),
        _step("auto_deploy", st.booleans()),
        _step("move", account, unit),
        _step("join", unit),
        _step("leave", account),
        _step("suspend", account),
        _step("close", account),
        _step("tag", account, st.sampled_from(("", *TIERS))),
        _step("start_again"),
        _step("wait", st.sampled_from([1, 30, 100, 1_000, 100_000])),
    )


@dataclass(frozen=True)
class History:
    """An organization: a first variant, the events after it, and a last variant."""

    population: Population
    first: Variant
    story: list[Step]
    last: Variant


@st.composite
def histories(draw: st.DrawFn, *, most: int = 12) -> History:
    """Draw an organization with a past of so many steps."""
    population = draw(populations())
    variant = variants(population)
    return History(
        population,
        draw(variant),
        draw(st.lists(steps(population), min_size=1, max_size=most)),
        draw(variant),
    )


def _step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.tuples(*arguments))


def _named(**block: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a block of the manifest that names something, or none."""
    return [
        {kind: {"tier": list(names)} if kind == "tags" else list(names)}
        for kind, names in block.items()
        if names
    ]
