"""A manifest that describes the stack sets that exist, so that a plan of it changes nothing.

What cannot be described is left out and named, never guessed. Values that CloudFormation masks
are left open: the manifest is refused until a person has written where they come from.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgrollout.bootstrap.deployed_targets import DeployedBlock, by_regions, deployed_blocks
from orgrollout.bootstrap.yaml_text import InOneLine, Quoted, as_yaml, comment, literal
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.template import Template
from orgrollout.model.ids import AccountId, Pair, Region, StackSetName
from orgrollout.model.stack_set import (
    OWNER_TAG,
    DeployedStackSet,
    InstanceStatus,
    PermissionModel,
    StackInstance,
)
from orgrollout.organization.snapshot import AccountState, Organization

CONTROL_TOWER = "AWSControlTower"  # stack sets that AWS Control Tower manages by itself
_MAX_KEY = 80
_DYNAMIC = "{{resolve:"
_NO_ECHO = """\
NoEcho: CloudFormation does not show the value. Write where it comes from, such as
"{{resolve:secretsmanager:NAME}}". Nobody can see whether that is the same, so it is sent once."""


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
    open_values: tuple[str, ...] = ()  # parameters that a person has to write
    left_out: Mapping[StackSetName, str] = field(default_factory=dict)  # and why


def describe(found: Describing) -> Described:
    """Return the manifest of everything that can be described."""
    left_out = {
        each.deployed.name: why
        for each in found.stack_sets
        if (why := _why_not(each, found)) is not None
    }
    kept = [each for each in found.stack_sets if each.deployed.name not in left_out]
    keys = _keys(each.deployed.name for each in kept)
    parts = [_StackSetText(each, keys[each.deployed.name], found) for each in kept]
    head = _head(found, kept, left_out)
    body = "\n".join(part.text() for part in parts)
    empty = "" if parts else comment("Nothing to describe was found. Add a stack set here.", 2)
    return Described(
        manifest=f"{head}\nstack_sets:\n{body}{empty}",
        templates={part.file: part.template.body for part in parts},
        open_values=tuple(name for part in parts for name in part.open_values),
        left_out=left_out,
    )


def _why_not(each: StackSetInventory, found: Describing) -> str | None:
    """Return why a stack set is better left out of the manifest, if it is."""
    deployed = each.deployed
    accounts = {pair.account for pair in each.instances}
    outside = sorted(accounts - found.organization.accounts.keys())
    self_managed = deployed.definition.permission_model is PermissionModel.SELF_MANAGED
    reasons = (
        (deployed.name.startswith(CONTROL_TOWER), "AWS Control Tower manages it"),
        (deployed.owner not in {None, found.name}, f"it belongs to the manifest {deployed.owner}"),
        (deployed.name not in found.templates, "its template cannot be read as YAML or JSON"),
        (not accounts, "it has no stack instances"),
        (
            bool(outside) and self_managed,
            f"it has stack instances outside of the organization: {', '.join(outside[:3])}",
        ),
        (len(outside) == len(accounts), "all accounts that have it left the organization"),
    )
    return next((why for holds, why in reasons if holds), None)


def _keys(names: Iterable[StackSetName]) -> Mapping[StackSetName, str]:
    keys: dict[StackSetName, str] = {}
    for name in names:
        base = re.sub(r"[^A-Za-z0-9-]", "-", name)[: _MAX_KEY - 4]
        key, number = base, 2
        while key in keys.values():
            key, number = f"{base}-{number}", number + 1
        keys[name] = key
    return keys


def _head(
    found: Describing, kept: list[StackSetInventory], left_out: Mapping[StackSetName, str]
) -> str:
    lines = [
        f"The stack sets of organization {found.organization.id} in {found.home_region}, as they",
        "were when `orgrollout init --from-aws` read them. `orgrollout plan` on this file changes",
        "nothing; what it would change says so below, beside the stack set.",
    ]
    if left_out:
        lines += ["", "Left out:", *(f"  {name}: {why}" for name, why in left_out.items())]
    if any(each.deployed.owner is None for each in kept):
        lines += [
            "",
            "adopt: true lets this manifest plan against a stack set it did not make. Nothing is",
            "sent for that alone: the tag that marks the owner goes with the next change.",
        ]
    document = {
        "version": 1,
        "name": found.name,
        "organization": found.organization.id,
        "home_region": found.home_region,
    }
    return comment("\n".join(lines)) + as_yaml(document)


class _StackSetText:
    """One stack set as text."""

    def __init__(self, inventory: StackSetInventory, key: str, found: Describing) -> None:
        self.file = f"templates/{key}.yaml"
        self.template = found.templates[inventory.deployed.name]
        self.open_values: list[str] = []
        self._inventory = inventory
        self._key = key
        self._found = found
        members = found.organization.accounts
        self._pairs = tuple(p for p in inventory.instances if p.account in members)
        self._regions = tuple(sorted({pair.region for pair in self._pairs}))

    def text(self) -> str:
        """Return the entry of the stack set, with comments on what a person should know."""
        deployed = self._inventory.deployed
        definition = deployed.definition
        head: dict[str, Any] = {"stack_set_name": deployed.name, "template": self.file}
        if deployed.owner is None:
            head["adopt"] = True
        if definition.description:
            head["description"] = Quoted(definition.description)
        if definition.permission_model is PermissionModel.SELF_MANAGED:
            head |= _roles(deployed)
        head["regions"] = InOneLine(self._regions)
        head["targets"] = {"include": [self._block(block) for block in self._blocks()]}
        head["capabilities"] = InOneLine(definition.capabilities)
        if self.template.metadata.depends_on:
            head["depends_on"] = InOneLine(())
        tags = {k: literal(v) for k, v in definition.tags.items() if k != OWNER_TAG}
        if tags:
            head["tags"] = tags
        parts = [as_yaml(head, 4), self._parameters(), self._overrides()]
        notes = "".join(comment(note, 4) for note in self._notes())
        return f"  {self._key}:\n{notes}{''.join(parts)}"

    def _blocks(self) -> tuple[DeployedBlock, ...]:
        units = {p.account: self._inventory.instances[p].unit for p in self._pairs}
        return deployed_blocks(self._pairs, units, self._found.organization)

    def _block(self, block: DeployedBlock) -> dict[str, Any]:
        organization = self._found.organization
        made: dict[str, Any] = {}
        if block.units:
            made["organizational_units"] = InOneLine(
                [unit if unit == organization.root else self._unit(unit) for unit in block.units]
            )
        else:
            made["accounts"] = InOneLine(Quoted(account) for account in block.accounts)
        if block.regions != self._regions:
            made["regions"] = InOneLine(block.regions)
        return made

    def _unit(self, unit: str) -> str:
        units = self._found.organization.units
        path = next(u.path for u in units.values() if u.id == unit)
        alone = sum(1 for u in units.values() if path in {u.path, u.name}) == 1
        return Quoted(path) if alone else unit

    def _parameters(self) -> str:
        now = self._inventory.deployed.definition.parameters
        values = {name: now[name] for name in self.template.parameters if name in now}
        # Metadata of the template would set what the stack set leaves at its default.
        for name in self.template.metadata.parameter_defaults:
            default = self.template.parameters[name].default
            if name not in values and default is not None:
                values[name] = default
        if not values:
            return ""
        return "    parameters:\n" + "".join(
            self._value(name, value, f"stack_sets.{self._key}.parameters", 6)
            for name, value in values.items()
        )

    def _overrides(self) -> str:
        groups: dict[tuple[tuple[str, str], ...], list[Pair]] = {}
        for pair in self._pairs:
            overrides = self._inventory.instances[pair].overrides
            if overrides:
                groups.setdefault(tuple(sorted(overrides.items())), []).append(pair)
        if not groups:
            return ""
        entries = (
            self._override(accounts, regions, dict(values))
            for values, pairs in groups.items()
            for regions, accounts in by_regions(pairs).items()
        )
        return "    parameter_overrides:\n" + "".join(entries)

    def _override(
        self, accounts: tuple[AccountId, ...], regions: tuple[Region, ...], values: dict[str, str]
    ) -> str:
        targets = {"targets": {"accounts": InOneLine(Quoted(account) for account in accounts)}}
        where = {"regions": InOneLine(regions)} if regions != self._regions else {}
        first, *rest = as_yaml({**targets, **where}, 8).splitlines(keepends=True)
        place = f"stack_sets.{self._key}.parameter_overrides"
        shown = "".join(self._value(name, value, place, 10) for name, value in values.items())
        return f"      - {first.lstrip()}{''.join(rest)}        parameters:\n{shown}"

    def _value(self, name: str, value: str, place: str, indent: int) -> str:
        """Return a parameter; one that nobody may see is left open, for a person to write."""
        parameter = self.template.parameters.get(name)
        if parameter is None or not parameter.no_echo or value.startswith(_DYNAMIC):
            return as_yaml({name: literal(value)}, indent)
        self.open_values.append(f"{place}.{name}")
        return f"{comment(_NO_ECHO, indent)}{' ' * indent}{name}:\n"

    def _notes(self) -> Iterator[str]:
        deployed, instances = self._inventory.deployed, self._inventory.instances
        if deployed.auto_deployment:
            yield (
                "Automatic deployment is on, and stays on: CloudFormation adds and removes stack\n"
                "instances by itself, whatever this manifest says. Turn it off to rely on it."
            )
        if deployed.definition.managed_execution:
            yield "Managed execution is on, and stays on."
        gone = {p.account for p in instances if p.account not in self._found.organization.accounts}
        if gone:
            yield f"{len(gone)} accounts left the organization; a plan lets their stacks go."
        idle = [a for a in sorted({p.account for p in self._pairs}) if not self._active(a)]
        if idle:
            yield f"Suspended or closed accounts have stack instances: {', '.join(idle)}."
        behind = [i for p, i in sorted(instances.items()) if _is_behind(i)]
        if behind:
            first = behind[0]
            yield (
                f"{len(behind)} stack instances are not CURRENT (e.g. {first.pair}: {first.status} "
                f"{first.detailed_status});\na plan updates them."
            )

    def _active(self, account: AccountId) -> bool:
        return self._found.organization.accounts[account].state is AccountState.ACTIVE


def _is_behind(instance: StackInstance) -> bool:
    return instance.status is not InstanceStatus.CURRENT


def _roles(deployed: DeployedStackSet) -> dict[str, Any]:
    definition = deployed.definition
    given = {
        "permission_model": "self_managed",
        "administration_role_arn": definition.administration_role_arn,
        "execution_role_name": definition.execution_role_name,
    }
    return {key: value for key, value in given.items() if value}
