"""What a simulation could not make: resources that exist there as records only."""

from collections import Counter
from collections.abc import Sequence

MOST = 4
"""How many types are named."""


def recorded_only(types: Sequence[str]) -> str:
    """Return a sentence about resources that a sandbox only recorded; none: no sentence."""
    if not types:
        return ""
    counts = Counter(types).most_common()
    named = ", ".join(f"{kind} {count}" for kind, count in counts[:MOST])
    others = len(counts) - MOST
    more = f" and {others} more type{'s' if others > 1 else ''}" if others > 0 else ""
    number = len(types)
    subject = "1 resource was" if number == 1 else f"{number:,} resources were"
    return (
        f"sandbox: {subject} only recorded, not created: {named}{more}. "
        "Their properties and behavior were not checked."
    )
