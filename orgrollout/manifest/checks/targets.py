"""Targets: what they select by, and whether the accounts and Regions they name are known."""

from collections.abc import Iterator

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.schema import Block, Targets
from orgrollout.manifest.text.document import FieldPath


def check_targets(checking: Checking) -> None:
    """Note targets that select nothing or name what is not known, wherever they are written."""
    for path, targets in all_targets(checking):
        _check_one(checking, path, targets)
    without = [key for key, stack_set in checking.present() if stack_set.targets is None]
    if without and not checking.is_written("targets"):
        message = f"is missing, and so it is in {', '.join(without)}."
        checking.note(("targets",), message, "Write `targets: all`, a target group, or a block.")
    for i, name in enumerate(checking.manifest.guards.never_remove_from.accounts):
        checking.check_account(("guards", "never_remove_from", "accounts", i), name)


def all_targets(checking: Checking) -> Iterator[tuple[FieldPath, Targets]]:
    """Return every place where targets are written."""
    manifest = checking.manifest
    for name, group in manifest.target_groups.items():
        yield ("target_groups", name), group
    if manifest.targets:
        yield ("targets",), manifest.targets
    for key, stack_set in checking.present():
        path: FieldPath = ("stack_sets", key)
        if stack_set.targets:
            yield (*path, "targets"), stack_set.targets
        for i, override in enumerate(stack_set.parameter_overrides):
            yield (*path, "parameter_overrides", i, "targets"), override.targets


def _check_one(checking: Checking, path: FieldPath, targets: Targets) -> None:
    if not targets.everyone and not targets.include:
        message = "only excludes." if targets.exclude else "selects nothing."
        checking.note(path, message, "Write `include: all`, or a block under include.")
    for i, block in enumerate(targets.include):
        at = (*path, "include", i)
        if block.organizational_units is None and block.accounts is None and block.tags is None:
            fix = "Add organizational_units, accounts or tags; `all` stands for every account."
            checking.note(at, "says nothing about accounts.", fix)
        check_block(checking, at, block)
    for i, exclusion in enumerate(targets.exclude):
        at = (*path, "exclude", i)
        conditions = (exclusion.organizational_units, exclusion.accounts, exclusion.regions)
        if not any(conditions) and exclusion.tags is None:
            fix = "Add organizational_units, accounts, tags or regions."
            checking.note(at, "excludes nothing.", fix)
        check_block(checking, at, exclusion)


def check_block(checking: Checking, path: FieldPath, block: Block) -> None:
    """Note accounts and Regions of a block that are not known."""
    for i, name in enumerate(block.accounts or ()):
        checking.check_account((*path, "accounts", i), name)
    for i, name in enumerate(block.regions or ()):
        checking.check_region((*path, "regions", i), name)
    if block.tags is not None and not block.tags:
        checking.note((*path, "tags"), "is empty.", "Write {key: value}.")
