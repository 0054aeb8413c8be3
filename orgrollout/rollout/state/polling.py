"""How often to look at what is running.

How long an operation takes is not known, not even roughly: seconds or hours. Of such a duration
the chance to end in the next second is about 1/age. A look costs half a second of the two calls a
second that CloudFormation allows; an end that is noticed late costs the delay. With an interval
``i`` at age ``a`` both together are ``0.5 / i + i / 2a`` a second: least for ``i = sqrt(a)``.
`benchmarks/polling.py` compares this rule with others.
"""

from datetime import datetime, timedelta
from math import sqrt

_SHORTEST = timedelta(seconds=8)  # few operations of StackSets are over sooner
_LONGEST = timedelta(seconds=30)  # people are watching


def next_look(started: datetime, now: datetime) -> timedelta:
    """Return how long to leave a running operation alone: the square root of its age in seconds.

    At least 8 s and at most 30 s.
    """
    age = max((now - started).total_seconds(), 0.0)
    return min(max(timedelta(seconds=sqrt(age)), _SHORTEST), _LONGEST)


def until_next_look(started: datetime, looked: datetime, now: datetime) -> timedelta:
    """Return how long an operation is left alone that was ``looked`` at; zero: look now."""
    return max(next_look(started, looked) - (now - looked), timedelta())
