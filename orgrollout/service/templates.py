"""The templates of orgrollout's own infrastructure, by part."""

from enum import StrEnum
from importlib.resources import files


class Part(StrEnum):
    """What can be deployed."""

    JOURNAL = "journal"  # the bucket of a journal that a team shares


def service_template(part: Part) -> str:
    """Return a part's CloudFormation template, comments included."""
    return (files("orgrollout.service") / f"{part}.yaml").read_text(encoding="utf-8")
