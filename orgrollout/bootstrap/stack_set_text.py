"""One stack set that exists, as an entry of a manifest, with what a person should know of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from orgrollout.bootstrap.deployed_targets import DeployedBlock, by_regions, deployed_blocks
from orgrollout.bootstrap.describing import Describing
from orgrollout.bootstrap.yaml_text import InOneLine, Quoted, as_yaml, comment, literal
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.stack_set import (
    OWNER_TAG,
    DeployedStackSet,
    InstanceStatus,
    PermissionModel,
    StackInstance,
)
from orgrollout.organization.snapshot import AccountState

_DYNAMIC = "{{resolve:"
_NO_ECHO = """\
NoEcho: CloudFormation does not show the value. Write where it comes from, such as
"{{resolve:secretsmanager:NAME}}". Whether that is the same
cannot be seen, so it is sent once."""
_GIVEN_AWAY = """\
NoEcho: {names}. The template holds a secret as Default of it, which is refused. Remove that
Default from {file}, and write below where the value comes from."""


class StackSetText:
    """One stack set as text."""

    def __init__(self, inventory: StackSetInventory, key: str, found: Describing) -> None:
        self.file = f"templates/{key}.yaml"
        self.template = found.templates[inventory.deployed.name]
        self._given_away = [
            p.name for p in self.template.parameters.values() if p.gives_secret_away
        ]
        self.open_values = [f"{self.file} Parameters.{name}.Default" for name in self._given_away]
        self.changes: list[str] = []  # what a plan does all the same; known after `text`
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
        """Return a parameter; a masked one is left open, for a person to write."""
        parameter = self.template.parameters.get(name)
        if parameter is None or not parameter.no_echo or value.startswith(_DYNAMIC):
            return as_yaml({name: literal(value)}, indent)
        self.open_values.append(f"{place}.{name}")
        return f"{comment(_NO_ECHO, indent)}{' ' * indent}{name}:\n"

    def _notes(self) -> Iterator[str]:
        deployed, instances = self._inventory.deployed, self._inventory.instances
        if self._given_away:
            yield _GIVEN_AWAY.format(names=", ".join(self._given_away), file=self.file)
        if deployed.auto_deployment:
            yield (
                "Automatic deployment is on, and stays on: CloudFormation adds and removes stack\n"
                "instances by itself, whatever this manifest says. Turn it off to rely on it."
            )
        if deployed.definition.managed_execution:
            yield "Managed execution is on, and stays on."
        gone = {p.account for p in instances if p.account not in self._found.organization.accounts}
        if gone:
            self.changes.append(f"{self._key}: detach in {len(gone)} accounts that left")
            yield (
                f"{len(gone)} accounts left the organization. A plan is refused without\n"
                f"--allow-departed {len(gone)}, and then detaches their stacks."
            )
        idle = [a for a in sorted({p.account for p in self._pairs}) if not self._active(a)]
        if idle:
            yield (
                "Suspended or closed accounts have stack instances, which a plan leaves alone:\n"
                f"{', '.join(idle)}."
            )
        active = [instances[pair] for pair in self._pairs if self._active(pair.account)]
        stuck = [i for i in active if i.status is InstanceStatus.INOPERABLE]
        yield from _counted(stuck, "are INOPERABLE", "a plan leaves them alone.")
        left = {InstanceStatus.CURRENT, InstanceStatus.INOPERABLE}
        behind = [i for i in active if i.status not in left]
        if behind:
            self.changes.append(f"{self._key}: update {len(behind)} that are not CURRENT")
        yield from _counted(behind, "are not CURRENT", "a plan updates them.")

    def _active(self, account: AccountId) -> bool:
        return self._found.organization.accounts[account].state is AccountState.ACTIVE


def _counted(instances: Sequence[StackInstance], what: str, outcome: str) -> Iterator[str]:
    """Yield how many there are, the first as an example, and what becomes of them."""
    for first in sorted(instances, key=lambda instance: instance.pair)[:1]:
        yield (
            f"{len(instances)} stack instances {what} (e.g. {first.pair}: {first.status} "
            f"{first.detailed_status});\n{outcome}"
        )


def _roles(deployed: DeployedStackSet) -> dict[str, Any]:
    definition = deployed.definition
    given = {
        "permission_model": "self_managed",
        "administration_role_arn": definition.administration_role_arn,
        "execution_role_name": definition.execution_role_name,
    }
    return {key: value for key, value in given.items() if value}
