"""Who is told how a rollout goes: what the manifest says, kept in the plan."""

from typing import Any

from orgrollout.manifest.schema import Manifest, Notification
from orgrollout.model.notice import Destination, Way


def destinations_of(manifest: Manifest) -> tuple[Destination, ...]:
    """Return where the notices of a manifest go."""
    return tuple(_destination(each) for each in manifest.notifications)


def destinations_of_old(topics: Any) -> Any:
    """Return the destinations of a plan that was written when all were topics of SNS."""
    if not isinstance(topics, list | tuple):
        return topics
    return [_renamed(each) for each in topics]


def _destination(wanted: Notification) -> Destination:
    way = next(way for way in Way if getattr(wanted, way.value) is not None)
    return Destination(way=way, place=getattr(wanted, way.value), on=wanted.on)


def _renamed(topic: Any) -> Any:
    if not isinstance(topic, dict) or "arn" not in topic:
        return topic
    return {"way": Way.SNS.value, "place": topic["arn"], "on": topic.get("on")}
