"""Waivers: whether the stack sets, accounts, resources and checks that they name are known."""

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.checks.drift import check_pointer, check_resource_name
from orgrollout.manifest.checks.targets import check_block
from orgrollout.manifest.schema import Waiver
from orgrollout.manifest.template.template import Template
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey


def check_waivers(checking: Checking) -> None:
    """Note waivers of what is not known; one that waives nothing would look like one that does."""
    for i, waiver in enumerate(checking.manifest.waivers):
        path: FieldPath = ("waivers", i)
        check_block(checking, path, waiver)
        check_pointer(checking, path, waiver.property)
        for j, key in enumerate(waiver.stack_sets or ()):
            if not checking.is_known("stack_sets", key):
                fix = did_you_mean(key, checking.known("stack_sets"))
                place: FieldPath = (*path, "stack_sets", j)
                checking.note(place, f"there is no stack set `{key}`.", fix)
                continue
            stack_set = checking.manifest.stack_sets.get(key)
            if stack_set is not None and stack_set.state == "absent":
                checking.note(
                    (*path, "stack_sets", j), f"`{key}` is `state: absent`.", "Take it out."
                )
            template = checking.loaded.templates.get(StackSetKey(key))
            if template is not None:  # not absent, and not broken and told already
                _check_matter(checking, path, waiver, template)


def _check_matter(checking: Checking, path: FieldPath, waiver: Waiver, template: Template) -> None:
    if waiver.resource is not None:
        check_resource_name(checking, path, waiver.resource, template)
    if waiver.check is not None:
        first = waiver.check.partition(" ")[0]
        names = sorted({check.name for check in template.metadata.posture})
        if first not in names:
            others = f"One of {', '.join(names)}." if names else "It has none: take the waiver out."
            fix = did_you_mean(first, names, others)
            checking.note((*path, "check"), f"the template has no posture check `{first}`.", fix)
