"""What is accepted as drift, and the external id that the roles of the manifest ask for."""

import re

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.member_roles import EXTERNAL_ID, role_creators
from orgrollout.manifest.schema import DriftIgnore
from orgrollout.manifest.template.declared import resource_names
from orgrollout.manifest.template.template import Template
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey
from orgrollout.posture.registry import CHECKS

_POINTER = re.compile(r"(/([^/~]|~[01])+)+")  # RFC 6901, of something inside


def check_drift(checking: Checking) -> None:
    """Note rules that accept what cannot be, and an external id that the roles refuse."""
    _check_external_id(checking)
    for i, rule in enumerate(checking.manifest.drift.ignore):
        path: FieldPath = ("drift", "ignore", i)
        check_pointer(checking, path, rule.property)
        if not checking.is_known("stack_sets", rule.stack_set):
            fix = did_you_mean(rule.stack_set, checking.known("stack_sets"))
            message = f"there is no stack set `{rule.stack_set}`."
            checking.note((*path, "stack_set"), message, fix)
        else:
            _check_resource(checking, path, rule)


def _check_external_id(checking: Checking) -> None:
    """Note an external id other than the one that the manifest's own role asks for.

    AWS would refuse the role in every account, and say only that access is denied.
    """
    drift = checking.manifest.drift
    roles = filter(None, (drift.probe_role, drift.resync_role))
    keys = dict.fromkeys(key for role in roles for key in role_creators(checking.loaded, role))
    for key in keys:
        asked = checking.manifest.stack_sets[key].parameters.get(EXTERNAL_ID, "")
        is_known = (
            asked and "${" not in asked and EXTERNAL_ID not in checking.loaded.overridden(key)
        )
        if is_known and asked != drift.external_id:
            said = f"`{drift.external_id}`" if drift.external_id else "missing"
            message = f"is {said}, and the roles of stack set {key} ask for `{asked}`."
            path = ("drift", "external_id") if drift.external_id else ("drift",)
            subject = "" if drift.external_id else "external_id "
            fix = f"Write the same as stack_sets.{key}.parameters.{EXTERNAL_ID}."
            checking.note(path, subject + message, fix)


def _check_resource(checking: Checking, path: FieldPath, rule: DriftIgnore) -> None:
    template = checking.loaded.templates.get(StackSetKey(rule.stack_set))
    if template is None:  # absent, or broken and told already
        return
    if not rule.resource.isalnum():  # no logical id
        _check_of_check(checking, path, rule, template)
        return
    check_resource_name(checking, path, rule.resource, template)


def check_pointer(checking: Checking, path: FieldPath, pointer: str | None) -> None:
    """Note what is no way to a property."""
    if pointer is not None and not _POINTER.fullmatch(pointer):
        fix = "Write the way to it from the resource's Properties, such as /Tags/0/Value."
        checking.note((*path, "property"), f"`{pointer}` is no JSON pointer.", fix)


def check_resource_name(checking: Checking, path: FieldPath, name: str, template: Template) -> None:
    """Note a logical id that the template has not."""
    names = resource_names(template.body)
    if name not in names and not any(each.startswith("Fn::") for each in names):
        message = f"the template has no resource `{name}`."
        checking.note((*path, "resource"), message, did_you_mean(name, names))


def _check_of_check(
    checking: Checking, path: FieldPath, rule: DriftIgnore, template: Template
) -> None:
    """Note a rule about a check that the template has not; of what it is broken, AWS knows."""
    names = {check.name for check in template.metadata.posture}
    first = rule.resource.split()[0] if rule.resource.split() else ""
    if not names:
        message = f"the template has no resource and no posture check `{rule.resource}`."
        checking.note((*path, "resource"), message, "Write a logical id of the template.")
    elif first in CHECKS and first not in names:
        message = f"the template has no posture check `{first}`."
        fix = did_you_mean(first, names, f"One of {', '.join(sorted(names))}.")
        checking.note((*path, "resource"), message, fix)
    elif rule.property is not None:
        message = f"`{rule.resource}` is no resource of the template, and has no properties."
        checking.note((*path, "property"), message, "Remove it.")
