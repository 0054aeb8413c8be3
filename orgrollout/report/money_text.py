"""What a baseline costs each month, as people read it and as programs do."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count
from orgrollout.report.money import AS_OF, PRICES, VOLUMES, WHERE, Estimate, Input


def money_blocks(found: Estimate) -> Iterator[Block]:
    """Yield the bill, with every number that it is made from."""
    yield Line(
        text=f"An estimate, and no quote: example prices ({WHERE}, as of {AS_OF}) times volumes. "
        "Replace both by your own with --price and --volume.",
        style="yellow",
    )
    yield Sheet(
        headers=("what", "places", "units each", "unit", "price", "per month"),
        rows=tuple(
            (
                item.what,
                f"{item.places:,}",
                f"{item.units:,g}",
                item.unit,
                f"{item.price:g}",
                f"{item.per_month:,.2f}",
            )
            for item in found.items
        ),
        right=frozenset({1, 2, 4, 5}),
    )
    yield Line(text=f"Together about {found.per_month:,.2f} US dollars a month.", style="bold")
    for title, defaults, used in (
        ("price", PRICES, found.prices),
        ("volume", VOLUMES, found.volumes),
    ):
        for key, default in defaults.items():
            mine = used[key] != default.value
            source = "yours" if mine else default.source
            yield Line(
                text=f"  --{title} {key}={used[key]:g}  {default.unit}; {source}", style="dim"
            )
    if found.not_estimated:
        names = ", ".join(found.not_estimated)
        sets = count(len(found.not_estimated), "stack set")
        yield Line(text=f"Not estimated: {sets} with other templates ({names}).", style="yellow")
    yield Line(text="Not estimated: requests, runbook steps, and what is stored by AWS Config.")


def money_json(found: Estimate) -> dict[str, Any]:
    """Return the bill as JSON can hold it. Keys may be added, never renamed."""
    return {
        "format_version": 1,
        "estimate": True,
        "currency": "USD",
        "prices_as_of": AS_OF,
        "money": [
            {
                "what": item.what,
                "places": item.places,
                "units": item.units,
                "unit": item.unit,
                "price": item.price,
                "per_month": round(item.per_month, 2),
            }
            for item in found.items
        ],
        "per_month": round(found.per_month, 2),
        "prices": _inputs_json(PRICES, found.prices),
        "volumes": _inputs_json(VOLUMES, found.volumes),
        "not_estimated": list(found.not_estimated),
    }


def _inputs_json(defaults: Mapping[str, Input], used: Mapping[str, float]) -> dict[str, Any]:
    return {
        key: {
            "value": used[key],
            "default": default.value,
            "unit": default.unit,
            "source": default.source,
        }
        for key, default in defaults.items()
    }
