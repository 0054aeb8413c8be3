"""Whether an event is about the very property that differs, or deletes the resource itself. Pure.

Names are compared word by word: ``Tags`` is in TagRole, and not in UpdateStage.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from orgrollout.drift.who.event import Event
from orgrollout.drift.who.sought import Sought

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDINGS = frozenset({"configuration", "document"})
_TAGS = frozenset({"tag", "tags", "untag", "tagging"})
_SHORTEST = 6  # letters of a parameter's name that tell something of a property
_VERSION = re.compile(r"20\d{6}")  # DeleteFunction20150331
_DELETES = frozenset({"delete", "deregister", "remove", "revoke", "terminate"})
_HOLDERS = ("Role", "User", "Group")  # of policies, in IAM
# Properties of which several requests have the words; by type and property (API reference of IAM).
_REQUESTS: Mapping[tuple[str, str], frozenset[str]] = {
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"): frozenset({"UpdateAssumeRolePolicy"}),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"): frozenset(
        {"CreatePolicyVersion", "SetDefaultPolicyVersion"}
    ),
    **{
        (f"AWS::IAM::{each}", "Policies"): frozenset({f"Put{each}Policy", f"Delete{each}Policy"})
        for each in _HOLDERS
    },
    **{
        (f"AWS::IAM::{each}", "ManagedPolicyArns"): frozenset(
            {f"Attach{each}Policy", f"Detach{each}Policy"}
        )
        for each in _HOLDERS
    },
}
# Types whose deletion has another name than theirs.
_DELETIONS: Mapping[str, frozenset[str]] = {
    "AWS::EC2::EIP": frozenset({"ReleaseAddress"}),
    "AWS::IAM::ManagedPolicy": frozenset({"DeletePolicy"}),
    "AWS::IAM::Policy": frozenset(f"Delete{each}Policy" for each in _HOLDERS),
    "AWS::KMS::Key": frozenset({"ScheduleKeyDeletion"}),
    "AWS::SNS::Subscription": frozenset({"Unsubscribe"}),
    "AWS::SecurityHub::Hub": frozenset({"DisableSecurityHub"}),
}


def is_about(event: Event, sought: Sought) -> bool:
    """Return whether an event is about the very property, or deletes the resource."""
    if sought.events:
        return True
    if sought.is_deleted:
        return _deletes(event.name, sought.resource_type)
    if not sought.property:
        return False
    requests = _REQUESTS.get((sought.resource_type, sought.property))
    return event.name in requests if requests else _names(event, sought.property)


def _deletes(name: str, resource_type: str) -> bool:
    """Return whether a request deletes a resource of a type, and not a part of one."""
    if resource_type in _DELETIONS:
        return name in _DELETIONS[resource_type]
    verb, *words = _words(_VERSION.split(name)[0])
    thing = "".join(_words(resource_type.rpartition("::")[2]))
    return verb in _DELETES and _singular("".join(words)) == _singular(thing)


def _names(event: Event, wanted: str) -> bool:
    """Return whether an event names a property, in its parameters or in its own name."""
    if wanted.lower() in {each.lower() for each in (*event.keys, *event.values)}:
        return True
    words = _stem(wanted)
    stem = _singular("".join(words))
    there = _words(event.name)
    if stem == "tag":
        return not _TAGS.isdisjoint(there)
    switched = stem.removeprefix("enable")  # EnableKeyRotation: DisableKeyRotation
    if (switched if len(switched) >= _SHORTEST else stem) in set(_runs(there)):
        return True
    ends = {_singular("".join(words[number:])) for number in range(len(words))}
    known = (_singular("".join(_stem(key))) for key in event.keys)
    return any(len(key) >= _SHORTEST and key in ends for key in known)


def _words(name: str) -> list[str]:
    return [each.lower() for each in _WORD.findall(name)] or [""]


def _stem(name: str) -> list[str]:
    words = _words(name)
    return words[:-1] if len(words) > 1 and words[-1] in _ENDINGS else words


def _runs(words: list[str]) -> Iterator[str]:
    """Yield all words in a row, with the last as it is and in the singular."""
    for first, last in combinations(range(len(words) + 1), 2):
        run = "".join(words[first:last])
        yield from (run, _singular(run))


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
