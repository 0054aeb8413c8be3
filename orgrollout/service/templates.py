"""The templates of orgrollout's own infrastructure, by part."""

from enum import StrEnum
from importlib.resources import files


class Part(StrEnum):
    """What can be deployed."""

    SERVICE = "service"  # rollouts and drift without a laptop
    FORWARDING = "forwarding"  # in the management account: its events, to the service
    JOURNAL = "journal"  # the bucket of a journal that a team shares, without the service


def service_template(part: Part) -> str:
    """Return a part's CloudFormation template, comments included."""
    return (files("orgrollout.service") / f"{part}.yaml").read_text(encoding="utf-8")
