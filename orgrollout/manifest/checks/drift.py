"""What is accepted as drift: of resources that there are, at paths that can be."""

import re

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.document import FieldPath
from orgrollout.manifest.schema import DriftIgnore
from orgrollout.manifest.shorthand import did_you_mean
from orgrollout.manifest.templates import resource_names
from orgrollout.model.ids import StackSetKey

_POINTER = re.compile(r"(/([^/~]|~[01])+)+")  # RFC 6901, of something inside


def check_drift(checking: Checking) -> None:
    """Note rules that accept what cannot be: an unknown stack set, resource or path."""
    for i, rule in enumerate(checking.manifest.drift.ignore):
        path: FieldPath = ("drift", "ignore", i)
        if rule.property is not None and not _POINTER.fullmatch(rule.property):
            fix = "Write the way to it from the resource's Properties, such as /Tags/0/Value."
            checking.note((*path, "property"), f"`{rule.property}` is no JSON pointer.", fix)
        if rule.stack_set not in checking.known("stack_sets"):
            fix = did_you_mean(rule.stack_set, checking.known("stack_sets"))
            message = f"there is no stack set `{rule.stack_set}`."
            checking.note((*path, "stack_set"), message, fix)
        else:
            _check_resource(checking, path, rule)


def _check_resource(checking: Checking, path: FieldPath, rule: DriftIgnore) -> None:
    template = checking.loaded.templates.get(StackSetKey(rule.stack_set))
    if template is None:  # absent, or broken and told already
        return
    names = resource_names(template.body)
    if rule.resource not in names and not any(name.startswith("Fn::") for name in names):
        message = f"the template has no resource `{rule.resource}`."
        checking.note((*path, "resource"), message, did_you_mean(rule.resource, names))
