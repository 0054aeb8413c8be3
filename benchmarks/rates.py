"""How the rate of an API adapts to a limit that is not known.

`python benchmarks/rates.py` sends 2,000 reads to a simulated organization that throttles above a
hidden limit, by the simulated clock, once with rates that stay as they are and once with rates that
adapt. For each limit it prints the simulated time as a multiple of the best possible (the calls at
exactly the limit), and the share of calls that were throttled. It ends with 1 where adapting takes
more than 1.2 times the best, or over 2 % were throttled.
"""

import sys
from datetime import timedelta

from orgrollout.aws.transport.connection import connect
from orgrollout.aws.transport.rate_limits import Bounds, RateLimits
from orgrollout.sandbox import Sandbox, Settings

ORGANIZATION = {
    "organization": "o-a1b2c3d4e5",
    "management_account": {"id": "999999999999", "name": "management"},
    "home_region": "us-east-1",
    "regions": ["us-east-1"],
    "root": {},
}
CALLS = 2_000
LIMITS = (1, 2, 5, 20)
WIDE = Bounds(least=0.25, most=25)
SLOWEST, MOST_THROTTLED = 1.2, 0.02


def measure(limit: float, bounds: Bounds, *, calls: int = CALLS) -> tuple[float, float]:
    """Return the time as a multiple of the best possible, and the share of throttled calls."""
    settings = Settings(requests_per_second=limit, deploy_resources=False)
    sandbox = Sandbox.start(ORGANIZATION, settings=settings)
    with sandbox:
        limits = RateLimits(bounds={"cloudformation": bounds})
        connection = connect(clock=sandbox.clock, limits=limits, region="us-east-1")
        before = sandbox.clock.now()
        for _ in range(calls):
            connection.call("cloudformation", "ListStackSets", {})
        spent = sandbox.clock.now() - before
    best = timedelta(seconds=calls / limit)
    attempts = connection.calls["ListStackSets"]  # each call was answered in the end
    return spent / best, (attempts - calls) / attempts


def main() -> int:
    """Print the table; return 1 where a goal was missed."""
    missed = 0
    print("limit a second   time / best possible      throttled calls")
    print("                 adapting      constant    adapting   constant")
    for limit in LIMITS:
        time, share = measure(limit, WIDE)
        constant, refused = measure(limit, Bounds(least=2, most=2))
        missed += time > SLOWEST or share > MOST_THROTTLED
        print(f"{limit:14}   {time:8.2f}   {constant:11.2f}   {share:9.2%}  {refused:9.2%}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
