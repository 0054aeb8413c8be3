"""What a description of existing stack sets is made from, and what the result is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.template.template import Template
from orgrollout.model.ids import Region, StackSetName
from orgrollout.organization.snapshot import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Describing:
    """What a description is made from."""

    name: str  # of the manifest
    organization: Organization
    home_region: Region
    stack_sets: tuple[StackSetInventory, ...]  # with the overrides of every stack instance
    templates: Mapping[StackSetName, Template]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A manifest and its templates, as files to write."""

    manifest: str
    templates: Mapping[str, str]  # file below the manifest's folder to text
    open_values: tuple[str, ...] = ()  # what a person has to write
    changes: tuple[str, ...] = ()  # what a plan of it would change all the same
    left_out: Mapping[StackSetName, str] = field(default_factory=dict)  # and why
