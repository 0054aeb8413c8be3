"""How often to look at what is running."""

from datetime import datetime, timedelta


def next_look(started: datetime, now: datetime) -> timedelta:
    """Return how long to leave a running operation alone.

    A tenth of its age, at least 2 s and at most 30 s: a short operation is noticed at once, a long
    one costs few calls.
    """
    return min(max((now - started) / 10, timedelta(seconds=2)), timedelta(seconds=30))


def until_next_look(started: datetime, looked: datetime, now: datetime) -> timedelta:
    """Return how long an operation is left alone that was ``looked`` at; zero: look now."""
    return max(next_look(started, looked) - (now - looked), timedelta())
