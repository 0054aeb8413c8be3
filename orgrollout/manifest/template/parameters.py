"""The parameters that a template declares."""

from orgrollout.manifest.template.template import TemplateParameter
from orgrollout.manifest.text.document import Findings, Item


def parameters_of(root: Item, findings: Findings) -> dict[str, TemplateParameter]:
    """Return the parameters that a template declares."""
    item = root.get("Parameters")
    if item is None:
        return {}
    if not isinstance(item.value, dict):
        findings.at(item, "must be a mapping.", "Write names of parameters and their Type.")
        return {}
    return {name: _parameter(name, one, findings) for name, one in item.value.items()}


def _parameter(name: str, item: Item, findings: Findings) -> TemplateParameter:
    type_ = item.get("Type")
    if type_ is None or not isinstance(type_.value, str):
        findings.at(item, "the parameter has no Type.", "Write Type: String.")
        return TemplateParameter(name=name)
    pattern = item.get("AllowedPattern")
    return TemplateParameter(
        name=name,
        type=type_.value,
        default=text_of(item.get("Default")),
        no_echo=(text_of(item.get("NoEcho")) or "").lower() == "true",
        allowed_values=_texts(item.get("AllowedValues")),
        allowed_pattern=pattern.text if pattern else None,
        constraint_description=text_of(item.get("ConstraintDescription")) or "",
        min_length=_whole(item.get("MinLength")),
        max_length=_whole(item.get("MaxLength")),
        min_value=_number(item.get("MinValue")),
        max_value=_number(item.get("MaxValue")),
    )


def text_of(item: Item | None) -> str | None:
    """Return a scalar as CloudFormation turns it into text; the parts of a list joined."""
    if item is None:
        return None
    if isinstance(item.value, list):
        return ",".join(_texts(item))
    return str(item.value).lower() if isinstance(item.value, bool) else item.text


def _texts(item: Item | None) -> tuple[str, ...]:
    return tuple(text_of(child) or "" for _, child in item.children) if item else ()


def _number(item: Item | None) -> float | None:
    try:
        return float(item.text) if item else None
    except ValueError:
        return None


def _whole(item: Item | None) -> int | None:
    number = _number(item)
    return None if number is None else int(number)
