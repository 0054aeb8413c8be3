"""Stack sets: names, tags, capabilities, permissions, and what goes with what."""

import re
from collections.abc import Iterator
from typing import get_args

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.schema import StackSet
from orgrollout.manifest.template.self_description import Capability
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import Pair, StackSetKey, StackSetName
from orgrollout.model.stack_arn import place_of_stack
from orgrollout.model.stack_set import MAX_BODY_BYTES, OWNER_TAG, PermissionModel

MAX_TAGS = 49  # of CloudFormation's 50; one says whose the stack set is
MAX_TAG_KEY, MAX_TAG_VALUE = 128, 256

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_OURS = OWNER_TAG.partition(":")[0] + ":"
_WITH_ABSENT = {
    "state", "stack_set_name", "adopt", "depends_on", "permission_model",
    "administration_role_arn", "execution_role_name", "retain_stacks",
}  # fmt: skip


def check_stack_sets(checking: Checking) -> None:
    """Note what is wrong with each stack set, apart from its targets, Regions and parameters."""
    names: dict[StackSetName, str] = {}
    for key, stack_set in checking.manifest.stack_sets.items():
        path = ("stack_sets", key)
        _check_name(checking, path, StackSetKey(key), names)
        _check_roles(checking, path, stack_set)
        if stack_set.state == "absent":
            _check_absent(checking, path)
        elif stack_set.template is None:
            checking.note((*path, "template"), "is missing.", "Name a file, or builtin:NAME.")
        _check_size(checking, path, StackSetKey(key))
        _check_template(checking, path, StackSetKey(key), stack_set)
        _check_imports(checking, path, stack_set)
        _check_tags(checking, path, stack_set)
        _check_capabilities(checking, path, stack_set)
        _check_auto_deployment(checking, path, stack_set)


def _check_name(
    checking: Checking, path: FieldPath, key: StackSetKey, names: dict[StackSetName, str]
) -> None:
    name = checking.loaded.stack_set_name(key)
    if not _NAME.fullmatch(name):
        fix = "Use at most 128 letters, digits and hyphens, a letter first."
        checking.note((*path, "stack_set_name"), f"`{name}` cannot be a name.", fix)
    elif name in names:
        message = f"the stack set {name} is {names[name]} already."
        checking.note((*path, "stack_set_name"), message, "Give one of them another name.")
    names.setdefault(name, key)


def _check_roles(checking: Checking, path: FieldPath, stack_set: StackSet) -> None:
    if stack_set.permission_model is PermissionModel.SELF_MANAGED:
        if checking.manifest.call_as == "delegated_admin":
            message = "a delegated administrator cannot manage self-managed stack sets."
            fix = "Write `call_as: auto`, or make the stack set service_managed."
            checking.note((*path, "permission_model"), message, fix)
        return
    for field in ("administration_role_arn", "execution_role_name"):
        if getattr(stack_set, field) is not None:
            message = "a service-managed stack set brings its own roles."
            fix = "Remove it, or write `permission_model: self_managed`."
            checking.note((*path, field), message, fix)


def _check_absent(checking: Checking, path: FieldPath) -> None:
    for field in checking.loaded.root.names(*path):
        if field not in _WITH_ABSENT:
            message = "means nothing beside `state: absent`."
            checking.note((*path, field), message, "Remove it.", key=True)


def _check_size(checking: Checking, path: FieldPath, key: StackSetKey) -> None:
    template = checking.loaded.templates.get(key)
    if template is None or (size := len(template.body.encode())) <= MAX_BODY_BYTES:
        return
    if not checking.is_written("template_bucket"):
        message = f"has {size:,} bytes; CloudFormation takes {MAX_BODY_BYTES:,} in a call."
        fix = (
            "Write `template_bucket: s3://BUCKET/PREFIX` at the top of the manifest, so that "
            "`apply` uploads it there; or shorten its comments and descriptions."
        )
        checking.note((*path, "template"), message, fix)


def _check_template(
    checking: Checking, path: FieldPath, key: StackSetKey, stack_set: StackSet
) -> None:
    template = checking.loaded.templates.get(key)
    if template is None or stack_set.permission_model is not PermissionModel.SERVICE_MANAGED:
        return
    if refused := ", ".join(template.self_managed_only):
        message = f"CloudFormation refuses it in a service-managed stack set: {refused}."
        fix = "Write the resources out, or write `permission_model: self_managed`."
        checking.note((*path, "template"), message, fix)


def _check_imports(checking: Checking, path: FieldPath, stack_set: StackSet) -> None:
    places: dict[Pair, str] = {}
    for i, arn in enumerate(stack_set.import_stacks):
        at = (*path, "import_stacks", i)
        place = place_of_stack(arn)
        if place is None:
            fix = "Write arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID, as AWS shows it."
            checking.note(at, f"`{arn}` is no id of a stack.", fix)
        elif place in places:
            message = f"a second stack for {place}: {places[place]} is the first."
            checking.note(at, message, "Keep one; the other takes a stack set of its own.")
        else:
            places[place] = arn


def _check_tags(checking: Checking, path: FieldPath, stack_set: StackSet) -> None:
    if len(stack_set.tags) > MAX_TAGS:
        message = f"has {len(stack_set.tags)} tags."
        fix = f"Keep {MAX_TAGS}: CloudFormation takes {MAX_TAGS + 1}, one of which marks ownership."
        checking.note((*path, "tags"), message, fix)
    for tag, value in stack_set.tags.items():
        at = (*path, "tags", tag)
        for prefix, owner in (("aws:", "AWS"), (_OURS, "orgrollout")):
            if tag.lower().startswith(prefix):
                message = f"`{prefix}` is kept for {owner}."
                checking.note(at, message, "Choose another key.", key=True)
        if not 1 <= len(tag) <= MAX_TAG_KEY:
            fix = f"Use 1 to {MAX_TAG_KEY}."
            checking.note(at, f"the key has {len(tag)} characters.", fix, key=True)
        if len(value) > MAX_TAG_VALUE:
            message = f"the value has {len(value)} characters."
            checking.note(at, message, f"Use at most {MAX_TAG_VALUE}.")


def _check_capabilities(checking: Checking, path: FieldPath, stack_set: StackSet) -> None:
    known = get_args(Capability)
    for i, name in enumerate(stack_set.capabilities or ()):
        if name not in known:
            message = f"there is no capability `{name}`."
            checking.note((*path, "capabilities", i), message, did_you_mean(name, known))


def _check_auto_deployment(checking: Checking, path: FieldPath, stack_set: StackSet) -> None:
    """CloudFormation deploys to whole units, whatever else the manifest says."""
    if stack_set.auto_deployment and (ignored := list(_ignored(checking, stack_set))):
        message = f"automatic deployment ignores {', '.join(ignored)}."
        fix = "Remove it; `apply` enrols new accounts."
        checking.note((*path, "auto_deployment"), message, fix)


def _ignored(checking: Checking, stack_set: StackSet) -> Iterator[str]:
    targets = stack_set.targets or checking.manifest.targets
    if targets and targets.exclude:
        yield "exclusions"
    if targets and any(block.tags for block in targets.include):
        yield "tags"
    if targets and any(block.accounts for block in targets.include):
        yield "accounts"
    if stack_set.parameter_overrides:
        yield "parameter overrides"
