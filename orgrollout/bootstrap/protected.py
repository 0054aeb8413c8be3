"""What a manifest deploys that is worth protecting, and which roles change it rightfully."""

from orgrollout.bootstrap.protection import Protected
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.template.builtin import PREFIX
from orgrollout.model.ids import StackSetKey
from orgrollout.model.stack_set import PermissionModel


def protected_by(
    loaded: LoadedManifest, *, break_glass: tuple[str, ...], every_rule: bool
) -> Protected:
    """Return what a manifest deploys from the templates that come along, by its names."""
    keys = [key for key, t in loaded.templates.items() if t.file.startswith(PREFIX)]
    return Protected(
        partition=PARTITIONS.get(loaded.home_region or "", "aws"),
        organization=loaded.manifest.organization,
        prefixes=tuple(sorted({p for key in keys for p in _values(loaded, key, "NamePrefix")})),
        stack_sets=tuple(dict.fromkeys(_stacks(loaded, key) for key in keys)),
        execution_roles=tuple(dict.fromkeys(_execution_role(loaded, key) for key in keys)),
        resync_role=loaded.manifest.drift.resync_role,
        break_glass=break_glass,
        records=any("create" in _values(loaded, key, "Recorder") for key in keys),
        every_rule=every_rule,
    )


def _values(loaded: LoadedManifest, key: StackSetKey, name: str) -> set[str]:
    """Return the values that a parameter has anywhere."""
    declared = loaded.templates[key].parameters.get(name)
    if declared is None:
        return set()
    stack_set = loaded.manifest.stack_sets[key]
    places = (stack_set.parameters, *(each.parameters for each in stack_set.parameter_overrides))
    given = {each[name] for each in places if name in each}
    return given if name in stack_set.parameters else {declared.default or "", *given}


def _stacks(loaded: LoadedManifest, key: StackSetKey) -> str:
    """Return what the stacks of a stack set are called, without StackSet- before it.

    One pattern for all whose names begin with the manifest's: each would take its own characters.
    """
    name = loaded.stack_set_name(key)
    ours = f"{loaded.manifest.name}-"
    return f"{ours}*" if name.startswith(ours) else f"{name}-*"


def _execution_role(loaded: LoadedManifest, key: StackSetKey) -> str:
    stack_set = loaded.manifest.stack_sets[key]
    if stack_set.permission_model is PermissionModel.SERVICE_MANAGED:
        return "stacksets-exec-*"
    return stack_set.execution_role_name or "AWSCloudFormationStackSetExecutionRole"
