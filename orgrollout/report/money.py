"""What a baseline costs each month: arithmetic with example prices and volumes, all of them inputs.

The prices and volumes are those of docs/baseline.md. Nothing here was asked from a price list.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

AS_OF = "2026-11-23"  # when the prices were written into docs/baseline.md
WHERE = "us-east-1, US dollars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A number that a user may replace, and where its default is from."""

    value: float
    unit: str
    source: str


_CONFIG = "https://aws.amazon.com/config/pricing/"
_LOGS = "https://aws.amazon.com/cloudwatch/pricing/ (vended logs)"
_MEASURE = "example of docs/baseline.md: measure one account"

PRICES: Mapping[str, Input] = {
    "config-item": Input(value=0.003, unit="configuration item", source=_CONFIG),
    "config-item-daily": Input(value=0.012, unit="configuration item", source=_CONFIG),
    "rule-evaluation": Input(value=0.001, unit="evaluation", source=_CONFIG),
    "flow-log-gb-s3": Input(value=0.25, unit="GB delivered", source=_LOGS),
    "flow-log-gb-cloudwatch": Input(value=0.50, unit="GB ingested", source=_LOGS),
    "s3-gb": Input(value=0.023, unit="GB-month", source="https://aws.amazon.com/s3/pricing/"),
    "kms-key": Input(value=1.00, unit="key-month", source="https://aws.amazon.com/kms/pricing/"),
}
VOLUMES: Mapping[str, Input] = {
    "config-items": Input(value=3000, unit="a month, continuous recording", source=_MEASURE),
    "config-items-daily": Input(value=300, unit="a month, daily recording", source=_MEASURE),
    "vpcs": Input(value=2, unit="VPCs", source=_MEASURE),
    "flow-log-gb": Input(value=10, unit="GB a month", source=_MEASURE),
    "retention-months": Input(value=13, unit="months in S3", source=_MEASURE),
}
_DAYS = 30  # of a month
_EVALUATIONS_A_DAY = {
    "One_Hour": 24,
    "Three_Hours": 8,
    "Six_Hours": 4,
    "Twelve_Hours": 2,
    "TwentyFour_Hours": 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One stack instance of a template that comes along: its parameters, defaults included."""

    stack_set: str
    template: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the bill."""

    what: str
    places: int
    unit: str
    units: float  # a month, in each place
    price: float

    @property
    def per_month(self) -> float:
        """Return what all places cost together."""
        return self.places * self.units * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The bill, and what is not in it."""

    items: tuple[Item, ...]
    not_estimated: tuple[str, ...]  # stack sets with templates of the user
    prices: Mapping[str, float]
    volumes: Mapping[str, float]

    @property
    def per_month(self) -> float:
        """Return the sum."""
        return sum(item.per_month for item in self.items)


def estimate(
    places: Iterable[Place],
    not_estimated: Iterable[str],
    prices: Mapping[str, float],
    volumes: Mapping[str, float],
) -> Estimate:
    """Return what the places cost each month. ``prices`` and ``volumes`` replace defaults."""
    price = {key: found.value for key, found in PRICES.items()} | dict(prices)
    volume = {key: found.value for key, found in VOLUMES.items()} | dict(volumes)
    counted: dict[tuple[str, str, float, float], int] = {}
    for place in places:
        for line in _LINES.get(place.template, _nothing)(place.parameters, price, volume):
            counted[line] = counted.get(line, 0) + 1
    return Estimate(
        items=tuple(
            Item(what=what, unit=unit, units=units, price=each, places=places_)
            for (what, unit, units, each), places_ in counted.items()
        ),
        not_estimated=tuple(not_estimated),
        prices=price,
        volumes=volume,
    )


_Line = tuple[str, str, float, float]  # what, unit, units a month, price
_Numbers = Mapping[str, float]


def _config(parameters: Mapping[str, str], price: _Numbers, volume: _Numbers) -> Iterator[_Line]:
    if parameters.get("Recorder") != "existing":
        daily = parameters.get("RecordingFrequency") == "DAILY"
        kind, suffix = ("daily", "-daily") if daily else ("continuous", "")
        scope = ", network types only" if parameters.get("RecordingScope") == "network" else ""
        key = f"config-item{suffix}"
        units = volume[f"config-items{suffix}"]
        yield f"AWS Config, {kind} recording{scope}", PRICES[key].unit, units, price[key]
    a_day = _EVALUATIONS_A_DAY.get(parameters.get("RuleFrequency", ""), 4)
    evaluations = volume["vpcs"] * a_day * _DAYS
    yield "AWS Config, flow log rule", "evaluation", evaluations, price["rule-evaluation"]


def _flow_logs(parameters: Mapping[str, str], price: _Numbers, volume: _Numbers) -> Iterator[_Line]:
    gigabytes = volume["flow-log-gb"]
    if parameters.get("Destination") == "cloud-watch-logs":
        key = "flow-log-gb-cloudwatch"
        yield "flow logs to CloudWatch Logs", PRICES[key].unit, gigabytes, price[key]
        return
    key = "flow-log-gb-s3"
    yield "flow logs to S3", PRICES[key].unit, gigabytes, price[key]
    kept = gigabytes * volume["retention-months"]
    yield "flow logs kept in S3", PRICES["s3-gb"].unit, kept, price["s3-gb"]


def _buckets(parameters: Mapping[str, str], price: _Numbers, _volume: _Numbers) -> Iterator[_Line]:
    if parameters.get("Encryption") != "SSE-S3":
        yield "KMS key of the log buckets", PRICES["kms-key"].unit, 1, price["kms-key"]


def _nothing(
    _parameters: Mapping[str, str], _price: _Numbers, _volume: _Numbers
) -> Iterator[_Line]:
    return iter(())


_LINES: Mapping[str, Callable[[Mapping[str, str], _Numbers, _Numbers], Iterator[_Line]]] = {
    "config-regional": _config,
    "flowlogs-remediation": _flow_logs,
    "log-buckets": _buckets,
}
