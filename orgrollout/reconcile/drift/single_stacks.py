"""Drift detections on single stacks of member accounts, with a role that may read them."""

from collections.abc import Mapping
from datetime import timedelta

from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.aws.transport.connection import Connection
from orgrollout.model.drift import ResourceDrift
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.service import Answered, MemberAccounts, Unreachable

Place = tuple[StackSetKey, Pair]
_LOOKS = timedelta(seconds=10)
PATIENCE = timedelta(minutes=15)


class SingleStacks:
    """Detections on single stacks: begun side by side, and waited for together."""

    def __init__(
        self,
        stacks: Mapping[StackSetKey, Mapping[Pair, str]],
        role: MemberRole,
        context: Context,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._stacks = stacks
        self._clock = context.clock
        self._patience = patience
        self._members = MemberAccounts(
            context.connection, role, at_once=context.at_once, read_only=False
        )
        self.why = ""
        self.partial: set[Place] = set()  # of which the detection failed, for some resources

    def at(self, places: list[Place]) -> Mapping[Place, tuple[ResourceDrift, ...]]:
        """Return what was found, of the stacks that could be looked at."""
        waiting = self._begin(places)
        found: dict[Place, tuple[ResourceDrift, ...]] = {}
        until = self._clock.now() + self._patience
        while waiting and self._clock.now() < until:
            self._clock.sleep(_LOOKS)
            for place, drifts in self._ended(waiting).items():
                del waiting[place]
                if drifts is not None:
                    found[place] = drifts
        return found

    def _begin(self, places: list[Place]) -> dict[Place, str]:
        """Begin to look, and return the ids of the detections."""

        def begin(connection: Connection, place: Place) -> str | None:
            key, pair = place
            return MemberStacks(connection).detect_drift(self._stacks[key][pair])

        begun: dict[Place, str] = {}
        for place, answer in self._members.map(places, begin, pair_of=_pair):
            if not isinstance(answer, Answered):
                self.why = f": {answer.reason}"
            elif answer.value is not None:
                begun[place] = answer.value
        return begun

    def _ended(
        self, waiting: Mapping[Place, str]
    ) -> Mapping[Place, tuple[ResourceDrift, ...] | None]:
        """Return what was found where a detection has ended; None where it may not be read.

        A stack without a resource that can be checked has no results.
        """

        def end(connection: Connection, place: Place) -> tuple[ResourceDrift, ...] | None:
            key, pair = place
            stacks = MemberStacks(connection)
            status = stacks.detection(waiting[place]).status
            if status == "DETECTION_IN_PROGRESS":
                return None
            if status == "DETECTION_FAILED":
                self.partial.add(place)
            # If it failed for some resources, it has the results of the others.
            return stacks.drift(self._stacks[key][pair])

        found: dict[Place, tuple[ResourceDrift, ...] | None] = {}
        for place, answer in self._members.map(list(waiting), end, pair_of=_pair):
            if isinstance(answer, Unreachable):
                continue
            if not isinstance(answer, Answered):
                self.why = f": {answer.reason}"
                found[place] = None  # waiting does not help
            elif answer.value is not None:
                found[place] = answer.value
        return found


def _pair(place: Place) -> Pair:
    return place[1]
