"""A fixed piece of plain Python: what it takes tells how fast the machine is right now.

Other work on a machine makes the CPU of a benchmark grow, too: caches and cores are shared. So what
a benchmark takes is judged as a multiple of this, measured in the same run.
"""

import time

_PAIRS = 300_000


def yardstick() -> float:
    """Return the seconds of CPU that the piece takes: 300,000 pairs made, sorted and grouped."""
    began = time.process_time()
    pairs = {(f"{n % 10_007:012}", n % 17): str(n) for n in range(_PAIRS)}
    groups: dict[int, list[str]] = {}
    for (account, region), value in sorted(pairs.items()):
        groups.setdefault(region, []).append(account + value)
    return time.process_time() - began
