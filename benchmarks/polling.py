"""How rules of looking at running operations compare, on several distributions of durations.

`python benchmarks/polling.py` prints for each rule how many looks an operation takes and how late
its end is noticed, both as means over 2,000 operations, and the sum of both at half a second a look
(two describes a second are assumed). Nothing is timed: the durations are drawn, always the same. It
ends with 1 where the program's rule is not the best of those compared, over all distributions.
"""

import math
import random
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from orgrollout.rollout.state.polling import next_look

LOOK = 0.5  # seconds that a look is worth
DRAWN = 2_000
STARTED = datetime(2026, 11, 2, tzinfo=UTC)

Rule = Callable[[float], float]  # the age in seconds -> seconds until the next look


def _ours(age: float) -> float:
    return next_look(STARTED, STARTED + timedelta(seconds=age)).total_seconds()


def _share(share: float, least: float, most: float) -> Rule:
    return lambda age: min(max(age * share, least), most)


def _root(factor: float, least: float, most: float) -> Rule:
    return lambda age: min(max(factor * math.sqrt(age), least), most)


def _always(seconds: float) -> Rule:
    return lambda _: seconds


RULES: Mapping[str, Rule] = {
    "orgrollout": _ours,
    "age / 10, 2..30 s": _share(0.1, 2, 30),
    "age / 5, 5..30 s": _share(0.2, 5, 30),
    "sqrt(age) / 2, 4..30 s": _root(0.5, 4, 30),
    "2 sqrt(age), 8..30 s": _root(2, 8, 30),
    "every 5 s": _always(5),
    "every 15 s": _always(15),
    "every 30 s": _always(30),
}


def durations() -> dict[str, list[float]]:
    """Return durations in seconds, by the name of their distribution."""
    drawn = random.Random(7)  # noqa: S311 - no secret hangs on it

    def around(middle: float, spread: float) -> list[float]:
        return [middle * math.exp(drawn.gauss(0, spread)) for _ in range(DRAWN)]

    return {
        "138 s": [138.0] * DRAWN,
        "about 40 s": around(40, 0.6),
        "about 3 min": around(180, 0.7),
        "about 40 min": around(2_400, 0.6),
        "about 2.5 h": around(9_000, 0.5),
        "10 s to 4 h": [10 * math.exp(drawn.uniform(0, math.log(1_440))) for _ in range(DRAWN)],
    }


def watch(rule: Rule, duration: float) -> tuple[int, float]:
    """Return how many looks an operation takes, and how late its end is noticed."""
    age, looks = 0.0, 0
    while age < duration:
        age += rule(age)
        looks += 1
    return looks, age - duration


def _measured(rule: Rule, kinds: Iterable[list[float]]) -> tuple[list[str], list[float]]:
    """Return for each distribution a cell of the table, and what looks and delay come to."""
    cells, worth = [], []
    for drawn in kinds:
        seen = [watch(rule, duration) for duration in drawn]
        looks = sum(each for each, _ in seen) / len(seen)
        late = sum(each for _, each in seen) / len(seen)
        cells.append(f"{looks:10.1f} {late:5.1f} s")
        worth.append(looks * LOOK + late)
    return cells, worth


def main() -> int:
    """Print the comparison; 1 where another rule is better over all."""
    kinds = durations()
    print(f"{'rule':24}" + "".join(f"{kind:>18}" for kind in kinds) + f"{'relative':>10}")
    relative: dict[str, float] = {}
    ours: list[float] = []
    for name, rule in RULES.items():
        cells, worth = _measured(rule, kinds.values())
        ours = ours or worth
        ratios = [theirs / own for theirs, own in zip(worth, ours, strict=True)]
        relative[name] = math.prod(ratios) ** (1 / len(ratios))
        print(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells) + f"{relative[name]:10.2f}")
    print("looks an operation, delay of its end; relative: looks x 0.5 s + delay, geometric mean")
    return int(min(relative.values()) < 1)


if __name__ == "__main__":
    sys.exit(main())
