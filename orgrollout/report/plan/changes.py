"""What changes in a stack set's definition: the template line by line, parameters old and new.

Values of NoEcho parameters are never shown, whichever of the two templates says so.
"""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.errors import ManifestError
from orgrollout.manifest.template.declared import secret_parameters
from orgrollout.manifest.template.secrets import without_secrets
from orgrollout.model.ids import Digest, StackSetKey
from orgrollout.model.shown import MASKED
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.planned_stack_set import PlannedStackSet
from orgrollout.report.layout.blocks import Block, Code, Line
from orgrollout.report.layout.words import count

MOST_LINES = 200  # of a template's differences; JSON has all of them
_MOST_SETS = 10
_Values = Mapping[str, str]
_Change = tuple[str | None, str | None]  # old and new; None: there is none


def definition_changes(stack_set: PlannedStackSet) -> Iterator[Block]:
    """Yield how a definition differs from what is deployed."""
    if stack_set.deployed is None:
        return
    for what, changed in (
        ("parameter", _parameters(stack_set.deployed, stack_set.definition)),
        ("tag", _changed(stack_set.deployed.tags, stack_set.definition.tags)),
    ):
        for name, (old, new) in changed.items():
            yield Line(text=f"  {what} {name}: {_shown(old)} -> {_shown(new)}")
    lines = _template(stack_set.deployed, stack_set.definition)
    if lines:
        yield Code(lines=lines[:MOST_LINES], language="diff")
    if len(lines) > MOST_LINES:
        more = count(len(lines) - MOST_LINES, "more line")
        yield Line(text=f"  and {more}: --format json has all of them")


def override_lines(plan: Plan, key: StackSetKey) -> Iterator[Line]:
    """Yield what is overridden in the stack instances that change, by how many get it."""
    instances: Counter[Digest] = Counter()
    for operation in plan.operations:
        if operation.stack_set == key and operation.is_counted:
            instances[operation.parameter_set] += operation.rectangle.size
    stack_set = plan.stack_sets[key]
    hidden = _secret(stack_set.definition)
    sets = [(chosen, n) for chosen, n in instances.items() if stack_set.parameter_sets.get(chosen)]
    for chosen, number in sets[:_MOST_SETS]:
        values = _masked(stack_set.parameter_sets[chosen], hidden)
        text = ", ".join(f"{name}={value}" for name, value in sorted(values.items()))
        yield Line(text=f"overrides: {key}: {text} in {count(number, 'stack instance')}")
    if len(sets) > _MOST_SETS:
        more = count(len(sets) - _MOST_SETS, "more set")
        yield Line(text=f"overrides: {key}: and {more} of them: --format json has all")


def changes_json(stack_set: PlannedStackSet) -> dict[str, Any]:
    """Return the same for programs; nothing where a definition does not change."""
    deployed, wanted = stack_set.deployed, stack_set.definition
    if deployed is None or not stack_set.differences:
        return {}
    return {
        "template": "\n".join(_template(deployed, wanted)),
        "parameters": _both(_parameters(deployed, wanted)),
        "tags": _both(_changed(deployed.tags, wanted.tags)),
    }


def _template(deployed: StackSetDefinition, wanted: StackSetDefinition) -> tuple[str, ...]:
    """Return a unified diff, empty where the templates are the same."""
    return tuple(
        difflib.unified_diff(
            without_secrets(deployed.template_body).splitlines(),
            without_secrets(wanted.template_body).splitlines(),
            "deployed",
            "wanted",
            lineterm="",
        )
    )


def _parameters(deployed: StackSetDefinition, wanted: StackSetDefinition) -> Mapping[str, _Change]:
    hidden = _secret(deployed) | _secret(wanted)
    # What is masked cannot be compared, and would look like a difference where there is none.
    shown = {n for n, value in deployed.parameters.items() if value == MASKED}
    changed = _changed(deployed.parameters, wanted.parameters)
    return {
        name: (_mask(old), _mask(new)) if name in hidden else (old, new)
        for name, (old, new) in changed.items()
        if name not in shown
    }


def _mask(value: str | None) -> str | None:
    return None if value is None else MASKED


def _changed(old: _Values, new: _Values) -> dict[str, _Change]:
    names = sorted({*old, *new})
    return {n: (old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)}


def _secret(definition: StackSetDefinition) -> frozenset[str]:
    try:
        return secret_parameters(definition.template_body)
    except ManifestError:
        return frozenset(definition.parameters)  # who knows


def _masked(values: _Values, hidden: frozenset[str]) -> dict[str, str]:
    return {name: MASKED if name in hidden else value for name, value in values.items()}


def _both(changed: Mapping[str, _Change]) -> dict[str, dict[str, str | None]]:
    return {name: {"old": old, "new": new} for name, (old, new) in changed.items()}


def _shown(value: str | None) -> str:
    return "(none)" if value is None else value or '""'
