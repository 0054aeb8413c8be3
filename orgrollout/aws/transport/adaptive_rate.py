"""The rate of one API: halved when AWS refuses a call for it, and slowly raised while it does not.

A refusal tells that AWS allows less than the present rate. It is halved at once, so that what was
too much drains; ten calls later it is back at nine tenths of what was refused, and from there it is
raised by a tenth in two hundred calls: AWS then refuses less than one call in a hundred. A rate
that was never refused, or that has passed the one that was, doubles every ten calls. Only calls
that waited for their turn count: calls that come one by one say nothing of what AWS allows.
"""

from dataclasses import dataclass

_HALF = 0.5
_DOUBLING = 2 ** (1 / 10)  # for each call
_RECOVERY = 10  # calls
_RECOVERED = 0.9  # of the rate that was refused
_PROBING = 0.1 / 200  # of that rate, for each call
_DISPROVED = 1.1  # times that rate without a refusal: AWS allows more than it did


@dataclass(slots=True, kw_only=True)
class AdaptiveRate:
    """Calls a second, between ``least`` and ``most``."""

    per_second: float
    least: float
    most: float
    _refused: float | None = None  # the rate at which AWS last refused
    _calls: int = 0  # that waited since

    def refuse(self) -> None:
        """Halve the rate: AWS refused a call."""
        self._refused = self.per_second
        self._calls = 0
        self.per_second = max(self.per_second * _HALF, self.least)

    def accept(self) -> None:
        """Raise the rate a little: AWS answered a call that had waited for its turn."""
        self._calls += 1
        self.per_second = min(max(self._raised(), self.least), self.most)

    def _raised(self) -> float:
        if self._refused is None:
            return self.per_second * _DOUBLING
        if self._calls < _RECOVERY:
            return self._refused * _HALF
        probed = self._refused * (_RECOVERED + _PROBING * (self._calls - _RECOVERY))
        if probed > self._refused * _DISPROVED:
            self._refused = None
        return probed
