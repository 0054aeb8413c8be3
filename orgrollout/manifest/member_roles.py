"""Roles in member accounts that a stack set of the manifest itself creates."""

from collections.abc import Iterator

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.builtin import PREFIX
from orgrollout.model.ids import StackSetKey

EXTERNAL_ID = "ExternalId"
_TEMPLATE = f"{PREFIX}resync-role"
_NAME_PREFIX = "NamePrefix"
_ENDINGS = ("-resync-probe", "-resync")


def role_creators(loaded: LoadedManifest, role: str) -> Iterator[StackSetKey]:
    """Yield the stack sets from the template resync-role that create a role of this name.

    A stack set whose name prefix differs by account or comes from a `${...}` is left out: which
    name it gives is not known before the organization is read.
    """
    for key, template in loaded.templates.items():
        if template.file != _TEMPLATE or _NAME_PREFIX in loaded.overridden(key):
            continue
        declared = template.parameters.get(_NAME_PREFIX)
        default = declared.default if declared else None
        prefix = loaded.manifest.stack_sets[key].parameters.get(_NAME_PREFIX, default)
        if role in {f"{prefix}{ending}" for ending in _ENDINGS}:
            yield key
