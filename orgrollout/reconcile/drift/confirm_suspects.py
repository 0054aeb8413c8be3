"""A second look at what may be false drift: at exactly that stack, with a role that may read it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from orgrollout.aws.member_accounts.stacks import MemberStacks
from orgrollout.drift.classify import second_look
from orgrollout.drift.findings import Findings
from orgrollout.errors import AwsError, CredentialsError, PassingError
from orgrollout.model.drift import ResourceDrift
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.plan.model.plan import Inside
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.access import enter
from orgrollout.reconcile.process.parallel import spread
from orgrollout.reconcile.reading.inventory import Progress

Place = tuple[StackSetKey, Pair]
_LOOKS = timedelta(seconds=10)
_PATIENCE = timedelta(minutes=15)


def confirm(
    found: Findings,
    stacks: Mapping[StackSetKey, Mapping[Pair, str]],
    inside: Inside,
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
    looking = _Looking(stacks, inside, context)
    seen = looking.at(known)
    if unseen := [place for place in known if not seen.get(place)]:
        progress(f"{len(unseen):,} of them could not be looked at and stay suspects{looking.why}")
    views = {look.key: look.view for look in found.stack_sets if look.view is not None}
    return replace(found, findings=tuple(second_look(found.findings, seen, views)))


class _Looking:
    """Detections on single stacks: begun side by side, and waited for together."""

    def __init__(
        self, stacks: Mapping[StackSetKey, Mapping[Pair, str]], inside: Inside, context: Context
    ) -> None:
        self._stacks = stacks
        self._inside = inside
        self._context = context
        self.why = ""

    def at(self, places: list[Place]) -> Mapping[Place, tuple[ResourceDrift, ...]]:
        """Return what was found, of the stacks that could be looked at."""
        at_once, clock = self._context.at_once, self._context.clock
        begun = dict(spread(places, self._begin, at_once=at_once))
        waiting = {place: asked for place, asked in begun.items() if asked is not None}
        found: dict[Place, tuple[ResourceDrift, ...]] = {}
        until = clock.now() + _PATIENCE
        while waiting and clock.now() < until:
            clock.sleep(_LOOKS)
            for (place, _), drifts in spread(list(waiting.items()), self._end, at_once=at_once):
                if drifts is not None:
                    found[place] = drifts
                    del waiting[place]
        return found

    def _begin(self, place: Place) -> str | None:
        """Begin to look, and return the id of the detection."""
        try:
            stacks, stack = self._enter(place)
            return stacks.detect_drift(stack)
        except CredentialsError:
            raise
        except AwsError as error:
            self.why = f": {error}"
            return None

    def _end(self, begun: tuple[Place, str]) -> tuple[ResourceDrift, ...] | None:
        place, detection = begun
        try:
            stacks, stack = self._enter(place)
            if stacks.detection(detection).status == "DETECTION_IN_PROGRESS":
                return None
            # Where it failed for some resources, it has told of the others.
            return stacks.drift(stack)
        except PassingError:
            return None
        except CredentialsError:
            raise
        except AwsError as error:
            self.why = f": {error}"
            return ()  # waiting does not help: no one can look there

    def _enter(self, place: Place) -> tuple[MemberStacks, str]:
        key, pair = place
        return MemberStacks(enter(pair, self._inside, self._context)), self._stacks[key][pair]
