"""A second look at what may be false drift: at exactly that stack, with a role that may read it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.aws.transport.connection import Connection
from orgrollout.drift.classify import second_look
from orgrollout.drift.findings import Findings
from orgrollout.model.drift import ResourceDrift
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.service import Answered, MemberAccounts, Unreachable
from orgrollout.reconcile.reading.inventory import Progress

Place = tuple[StackSetKey, Pair]
_LOOKS = timedelta(seconds=10)
_PATIENCE = timedelta(minutes=15)


def confirm(
    found: Findings,
    stacks: Mapping[StackSetKey, Mapping[Pair, str]],
    role: MemberRole,
    context: Context,
    progress: Progress,
) -> Findings:
    """Return the findings with what a second look made of suspects.

    Where no one could look, they stay suspects: no more is known, and nothing is repaired.
    """
    places = sorted({(f.stack_set, f.pair) for f in found.suspects})
    known = [place for place in places if place[1] in stacks.get(place[0], {})]
    if not known:
        return found
    progress(f"a second look at {len(known):,} stacks whose drift may be false")
    looking = _Looking(stacks, role, context)
    seen = looking.at(known)
    if unseen := [place for place in known if not seen.get(place)]:
        progress(f"{len(unseen):,} of them could not be looked at and stay suspects{looking.why}")
    views = {look.key: look.view for look in found.stack_sets if look.view is not None}
    return replace(found, findings=tuple(second_look(found.findings, seen, views)))


class _Looking:
    """Detections on single stacks: begun side by side, and waited for together."""

    def __init__(
        self, stacks: Mapping[StackSetKey, Mapping[Pair, str]], role: MemberRole, context: Context
    ) -> None:
        self._stacks = stacks
        self._clock = context.clock
        self._members = MemberAccounts(
            context.connection, role, at_once=context.at_once, read_only=False
        )
        self.why = ""

    def at(self, places: list[Place]) -> Mapping[Place, tuple[ResourceDrift, ...]]:
        """Return what was found, of the stacks that could be looked at."""
        waiting = self._begin(places)
        found: dict[Place, tuple[ResourceDrift, ...]] = {}
        until = self._clock.now() + _PATIENCE
        while waiting and self._clock.now() < until:
            self._clock.sleep(_LOOKS)
            for place, drifts in self._ended(waiting).items():
                found[place] = drifts
                del waiting[place]
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

    def _ended(self, waiting: Mapping[Place, str]) -> Mapping[Place, tuple[ResourceDrift, ...]]:
        """Return what was found where a detection has ended."""

        def end(connection: Connection, place: Place) -> tuple[ResourceDrift, ...] | None:
            key, pair = place
            stacks = MemberStacks(connection)
            if stacks.detection(waiting[place]).status == "DETECTION_IN_PROGRESS":
                return None
            # If it failed for some resources, it has the results of the others.
            return stacks.drift(self._stacks[key][pair])

        found: dict[Place, tuple[ResourceDrift, ...]] = {}
        for place, answer in self._members.map(list(waiting), end, pair_of=_pair):
            if isinstance(answer, Unreachable):
                continue
            if not isinstance(answer, Answered):
                self.why = f": {answer.reason}"
                found[place] = ()  # waiting does not help
            elif answer.value is not None:
                found[place] = answer.value
        return found


def _pair(place: Place) -> Pair:
    return place[1]
