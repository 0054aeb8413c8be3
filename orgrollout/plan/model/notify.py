"""Who is told how a rollout goes: what the manifest says, kept in the plan."""

from orgrollout.manifest.schema import Manifest
from orgrollout.model.notice import Topic


def topics_of(manifest: Manifest) -> tuple[Topic, ...]:
    """Return the topics of a manifest."""
    return tuple(Topic(arn=each.sns, on=each.on) for each in manifest.notifications)
