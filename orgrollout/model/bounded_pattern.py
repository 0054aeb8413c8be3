"""Regular expressions that others wrote, with an end to every search.

Python's own `re` cannot be interrupted: a pattern like `(a+)+$` takes longer than a rollout on a
text of 60 characters. `regex` reads the same patterns and stops when its time is up.
"""

from functools import lru_cache

LONGEST = 1_000  # characters of a pattern: a million take 30 s to read
PATIENCE = 1.0  # seconds for one text
_PROBED = 1_000  # characters: about as long as a reason of AWS can be
_MOST_PROBES = 16


class PatternError(ValueError):
    """It is no regular expression; the text says why."""


class BoundedPattern:
    """A pattern that is searched for in upper and lower case, for a second at most."""

    def __init__(self, pattern: str) -> None:
        """Compile it.

        Raises:
            PatternError: It is no regular expression, or one that is too long.
        """
        if len(pattern) > LONGEST:
            raise PatternError(f"it has {len(pattern):,} characters, and {LONGEST:,} are the most")
        import regex  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import

        try:
            self._compiled = regex.compile(pattern, regex.IGNORECASE)
        except (regex.error, RecursionError, OverflowError) as error:
            raise PatternError(str(error)) from None
        self._letters = sorted({c for c in pattern if c.isalnum()})
        self._too_slow = False

    def is_in(self, text: str) -> bool:
        """Return whether it is found in a text.

        One that takes too long is not found, and is not tried again by this process.
        """
        return not self._too_slow and bool(self._found(text, PATIENCE))

    def is_slow(self) -> bool:
        """Return whether it takes too long on a text made for that: one letter, over and over."""
        if sum(self._compiled.pattern.count(sign) for sign in "*+{?|") <= 1:
            return False  # one repetition of one thing takes quadratic time at most
        probes = ["a", "0", " ", "-", *self._letters][:_MOST_PROBES]
        return any(self._found(probe * _PROBED + "\0", PATIENCE / 4) is None for probe in probes)

    def _found(self, text: str, patience: float) -> bool | None:
        """Return whether it is found; None: the time was up."""
        try:
            return self._compiled.search(text, timeout=patience) is not None
        except TimeoutError:
            self._too_slow = True
            return None


@lru_cache(maxsize=256)
def bounded(pattern: str) -> BoundedPattern:
    """Return a pattern, compiled once.

    Raises:
        PatternError: It is no regular expression, or one that is too long.
    """
    return BoundedPattern(pattern)
