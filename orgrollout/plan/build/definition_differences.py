"""What differs between the definition that a stack set has and the one that is wanted."""

from orgrollout.model.shown import MASKED
from orgrollout.model.stack_set import StackSetDefinition


def definition_differences(
    deployed: StackSetDefinition, desired: StackSetDefinition
) -> tuple[str, ...]:
    """Return what differs, in words; values of parameters are not shown."""
    found: list[str] = []
    if deployed.template_digest != desired.template_digest:
        found.append("template")
    names = {*deployed.parameters, *desired.parameters}
    now, wanted = deployed.parameters, desired.parameters
    found += [
        f"parameter {name}"
        for name in sorted(names)
        if now.get(name) not in {wanted.get(name), MASKED}
    ]
    if dict(deployed.tags) != dict(desired.tags):
        found.append("tags")
    # The API takes no empty description, so one that was dropped cannot be cleared.
    if desired.description not in {"", deployed.description}:
        found.append("description")
    if set(deployed.capabilities) != set(desired.capabilities):
        found.append("capabilities")
    if desired.administration_role_arn not in {None, deployed.administration_role_arn}:
        found.append("administration role")
    if desired.execution_role_name not in {None, deployed.execution_role_name}:
        found.append("execution role")
    return tuple(found)


def hides_parameters(deployed: StackSetDefinition) -> bool:
    """Return whether values are masked, so that a difference cannot be seen."""
    return MASKED in deployed.parameters.values()
