"""Stack sets that another user made, and that a manifest takes over.

The tag that marks an owner cannot be given to a stack set alone: CloudFormation passes the tags of
a stack set on to every stack of it (UpdateStackSet, `Tags`), so that adopting would update them
all. The tag comes with the first change that does so anyway; until then `adopt: true` speaks for
it.
"""

from dataclasses import replace

from orgrollout.manifest.template.declared import declared_defaults
from orgrollout.model.stack_set import OWNER_TAG, DeployedStackSet
from orgrollout.organization.desired import DesiredStackSet


def as_adopted(desired: DesiredStackSet, deployed: DeployedStackSet) -> DesiredStackSet:
    """Return what is wanted of a stack set, without what would touch its stacks for nothing.

    Where nothing but the owner's tag is new, it is not wanted yet. Nor are parameters which have
    the Default of the template, and which the stack set does not list: others may not send them.
    Overrides may differ; they reach the stack instances that they are for.
    """
    if not desired.adopt or desired.absent or deployed.owner is not None:
        return desired
    now = deployed.definition
    defaults = declared_defaults(desired.definition.template_body)
    wanted = replace(
        desired.definition,
        tags={key: value for key, value in desired.definition.tags.items() if key != OWNER_TAG},
        parameters={
            name: value
            for name, value in desired.definition.parameters.items()
            if name in now.parameters or defaults.get(name) != value
        },
    )
    same = wanted.state_digest({}) == now.state_digest({})
    return replace(desired, definition=wanted) if same else desired
