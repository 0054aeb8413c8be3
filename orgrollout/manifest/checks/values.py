"""Whether a template takes a value, as CloudFormation will see it."""

import math
import re

from orgrollout.manifest.shorthand import did_you_mean
from orgrollout.manifest.template import TemplateParameter

Refusal = tuple[str, str]  # what is wrong, and what would be right


def why_refused(parameter: TemplateParameter, text: str) -> Refusal | None:
    """Return why a value is refused, and what would be right; nothing if it is taken."""
    parts = [part.strip() for part in text.split(",")] if parameter.is_list else [text]
    for part in parts:
        refused = (
            _not_a_number(parameter, part)
            or _not_allowed(parameter, part)
            or _no_match(parameter, part)
            or _wrong_length(parameter, part)
        )
        if refused:
            return refused
    return None


def _not_a_number(parameter: TemplateParameter, text: str) -> Refusal | None:
    if parameter.type not in {"Number", "List<Number>"}:
        return None
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return f"`{text}` is no number.", f"The parameter is a {parameter.type}."
    low = -math.inf if parameter.min_value is None else parameter.min_value
    high = math.inf if parameter.max_value is None else parameter.max_value
    if float(text) < low:
        return f"{text} is too small.", f"It must be at least {low:g}."
    if float(text) > high:
        return f"{text} is too large.", f"It must be at most {high:g}."
    return None


def _not_allowed(parameter: TemplateParameter, text: str) -> Refusal | None:
    if not parameter.allowed_values or text in parameter.allowed_values:
        return None
    return f"the template does not take `{text}`.", did_you_mean(text, parameter.allowed_values)


def _no_match(parameter: TemplateParameter, text: str) -> Refusal | None:
    if parameter.allowed_pattern is None:
        return None
    try:
        matches = re.fullmatch(parameter.allowed_pattern, text)
    except re.error:  # Java's patterns know more than Python's; CloudFormation will judge
        return None
    if matches:
        return None
    message = f"`{text}` does not match {parameter.allowed_pattern}."
    return message, parameter.constraint_description


def _wrong_length(parameter: TemplateParameter, text: str) -> Refusal | None:
    if parameter.min_length is not None and len(text) < parameter.min_length:
        return f"`{text}` is too short.", f"It takes at least {parameter.min_length} characters."
    if parameter.max_length is not None and len(text) > parameter.max_length:
        return f"`{text}` is too long.", f"It takes at most {parameter.max_length} characters."
    return None
