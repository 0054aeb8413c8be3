"""A manifest that describes the stack sets that exist, so that a plan of it changes nothing.

What cannot be described is left out and named, never guessed. Values that CloudFormation masks
are left open: the manifest is refused until a person has written where they come from.
"""

import re
from collections.abc import Iterable, Mapping

from orgrollout.bootstrap.describing import Described, Describing
from orgrollout.bootstrap.stack_set_text import StackSetText
from orgrollout.bootstrap.yaml_text import as_yaml, comment
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import StackSetName
from orgrollout.model.service_owned import CONTROL_TOWER, owning_service
from orgrollout.model.stack_set import PermissionModel

_MAX_KEY = 80
_REST = """
rollout:
  waves:
    - {name: canary, sample: {per_ou: 1}}   # one account of each unit before all others

# Drift is repaired, and posture looked at, through roles in the member accounts.
# builtin:resync-role makes them: add it to stack_sets, then
# drift: {probe_role: orgrollout-resync-probe, resync_role: orgrollout-resync, external_id: NAME}
"""
_BUCKET = """\
# A template below is too large for a call to CloudFormation. Name a bucket of yours:
# template_bucket: s3://BUCKET/PREFIX
"""


def describe(found: Describing) -> Described:
    """Return the manifest of everything that can be described."""
    left_out = {
        each.deployed.name: why
        for each in found.stack_sets
        if (why := _why_not(each, found)) is not None
    }
    kept = [each for each in found.stack_sets if each.deployed.name not in left_out]
    keys = _keys(each.deployed.name for each in kept)
    parts = [StackSetText(each, keys[each.deployed.name], found) for each in kept]
    body = "\n".join(part.text() for part in parts)
    changes = tuple(change for part in parts for change in part.changes)
    head = _head(found, kept, left_out, changes)
    empty = "" if parts else comment("Nothing to describe was found. Add a stack set here.", 2)
    return Described(
        manifest=f"{head}\nstack_sets:\n{body}{empty}{_REST}",
        changes=changes,
        templates={part.file: part.template.body for part in parts},
        open_values=(
            *(("template_bucket",) if _needs_bucket(kept) else ()),
            *(name for part in parts for name in part.open_values),
        ),
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
        (bool(service := owning_service(deployed.name, deployed.definition.tags)), service),
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
    found: Describing,
    kept: list[StackSetInventory],
    left_out: Mapping[StackSetName, str],
    changes: tuple[str, ...],
) -> str:
    lines = [
        f"The stack sets of organization {found.organization.id} in {found.home_region}, as they",
        "were when `orgrollout init --from-aws` read them.",
    ]
    if changes:
        lines += ["`orgrollout plan` on this file would change:", *(f"  {c}" for c in changes)]
    else:
        lines += ["`orgrollout plan` on this file changes nothing."]
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
    return comment("\n".join(lines)) + as_yaml(document) + (_BUCKET if _needs_bucket(kept) else "")


def _needs_bucket(kept: Iterable[StackSetInventory]) -> bool:
    return any(each.deployed.definition.is_large for each in kept)
