"""Every place of a manifest where something is accepted for a reason, and when each ends.

Three keys accept something: `waivers`, `drift.ignore`, and `exclude` of targets.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import DriftIgnore, Targets, Waiver
from orgrollout.manifest.schema.selection import Terms
from orgrollout.manifest.schema.waivers import WaivedMatter
from orgrollout.manifest.text.document import FieldPath, dotted
from orgrollout.manifest.text.values import ends_at
from orgrollout.model.ids import StackSetKey
from orgrollout.model.words import count

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenWaiver:
    """Something that the manifest accepts."""

    path: FieldPath
    place: str  # as it was written, such as waivers[0]
    waives: WaivedMatter
    stack_sets: tuple[StackSetKey, ...]  # that it is about, in the manifest's order
    what: str  # the resource, check or subject; empty: the stack instance
    terms: Terms

    @property
    def ends(self) -> datetime | None:
        """Return the first moment at which it no longer holds."""
        return end_of(self.terms)


def end_of(terms: Terms) -> datetime | None:
    """Return the first moment at which something no longer holds; None: it never ends."""
    return None if terms.until is None else ends_at(terms.until)


def holds(terms: Terms, now: datetime) -> bool:
    """Return whether something is accepted at a moment."""
    ends = end_of(terms)
    return ends is None or now < ends


def until_words(terms: Terms) -> str:
    """Return why something is accepted, by which ticket, and how long."""
    ticket = f"{terms.ticket}: " if terms.ticket else ""
    return f"{ticket}{terms.reason}" + (f" (until {terms.until})" if terms.until else "")


def written_waivers(loaded: LoadedManifest) -> tuple[WrittenWaiver, ...]:
    """Return all that a manifest accepts, each place once, in the order of its keys."""
    found: dict[str, WrittenWaiver] = {}
    for each in (*_waivers(loaded), *_ignored(loaded), *_excluded(loaded)):
        known = found.get(each.place)
        if known is None:
            found[each.place] = each
        else:  # targets that several stack sets share
            keys = tuple(dict.fromkeys((*known.stack_sets, *each.stack_sets)))
            found[each.place] = replace(known, stack_sets=keys)
    return tuple(found.values())


def ending(loaded: LoadedManifest, now: datetime) -> Iterator[str]:
    """Yield what has ended, and what ends within 30 days."""
    for each in (*written_waivers(loaded), *_of_overrides(loaded)):
        said = _said_of_end(each, now)
        if said:
            yield f"{each.place}: {said}"


def time_left(ends: datetime, now: datetime) -> str:
    """Return how long something still holds, in words."""
    left = ends - now
    return f"in {count(left.days, 'day')}" if left.days else "in less than a day"


def _said_of_end(each: WrittenWaiver, now: datetime) -> str:
    ends, called = each.ends, _called(each)
    if ends is None or ends - now > SOON:
        return ""
    owner = f"; owner: {each.terms.owner}" if each.terms.owner else ""
    if ends <= now and each.waives == "deployment":
        return f"{called} ended on {each.terms.until}: it no longer leaves anything out{owner}."
    if ends <= now:
        held = f"{', '.join(each.stack_sets)} {each.what} held until {each.terms.until}"
        return f"{held}, and no longer does ({each.terms.reason}){owner}"
    return f"{called} ends {time_left(ends, now)}, on {each.terms.until}{owner}."


def _called(each: WrittenWaiver) -> str:
    if "exclude" in each.path:
        return f'the exclusion "{each.terms.reason}"'
    about = f" for {each.what}" if each.what else ""
    return f'the waiver "{each.terms.reason}"{about}'


def _waivers(loaded: LoadedManifest) -> Iterator[WrittenWaiver]:
    for index, waiver in enumerate(loaded.manifest.waivers):
        path: FieldPath = ("waivers", index)
        keys = waiver.stack_sets or tuple(loaded.manifest.stack_sets)
        yield WrittenWaiver(
            path=path,
            place=dotted(path),
            waives=waiver.waives,
            stack_sets=tuple(map(StackSetKey, keys)),
            what=named_by(waiver),
            terms=waiver,
        )


def named_by(waiver: Waiver) -> str:
    """Return the resource with its property, or the check with its subject."""
    if waiver.waives == "check":
        return " ".join(filter(None, (waiver.check, waiver.subject)))
    return f"{waiver.resource or ''}{waiver.property or ''}"


def is_of_check(rule: DriftIgnore) -> bool:
    """Return whether a rule is about a check or one of its subjects, and not about a resource.

    A logical id has letters and digits only.
    """
    return not rule.resource.isalnum()


def _ignored(loaded: LoadedManifest) -> Iterator[WrittenWaiver]:
    for index, rule in enumerate(loaded.manifest.drift.ignore):
        path: FieldPath = ("drift", "ignore", index)
        yield WrittenWaiver(
            path=path,
            place=dotted(path),
            waives="check" if is_of_check(rule) else "drift",
            stack_sets=(StackSetKey(rule.stack_set),),
            what=f"{rule.resource}{rule.property or ''}",
            terms=rule,
        )


def _excluded(loaded: LoadedManifest) -> Iterator[WrittenWaiver]:
    manifest = loaded.manifest
    for name, stack_set in manifest.stack_sets.items():
        if stack_set.state == "absent":
            continue
        key = StackSetKey(name)
        if stack_set.targets is not None:
            yield from _in_targets(loaded, key, stack_set.targets, ("stack_sets", name, "targets"))
        elif manifest.targets is not None:
            yield from _in_targets(loaded, key, manifest.targets, ("targets",))


def _of_overrides(loaded: LoadedManifest) -> Iterator[WrittenWaiver]:
    """Yield what is left out of overrides: it waives nothing, and ends like all that does."""
    for name, stack_set in loaded.manifest.stack_sets.items():
        for index, override in enumerate(stack_set.parameter_overrides):
            path: FieldPath = ("stack_sets", name, "parameter_overrides", index, "targets")
            if stack_set.state != "absent":
                yield from _in_targets(loaded, StackSetKey(name), override.targets, path)


def _in_targets(
    loaded: LoadedManifest, key: StackSetKey, targets: Targets, path: FieldPath
) -> Iterator[WrittenWaiver]:
    for index, block in enumerate(targets.exclude):
        here: FieldPath = (*path, "exclude", index)
        yield WrittenWaiver(
            path=here,
            place=dotted(loaded.written(here)),
            waives="deployment",
            stack_sets=(key,),
            what="",
            terms=block,
        )
