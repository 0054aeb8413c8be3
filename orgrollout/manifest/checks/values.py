"""Whether a template takes a value, as CloudFormation will see it."""

import math
import re

from orgrollout.manifest.checks.patterns import why_untried
from orgrollout.manifest.template.template import TemplateParameter
from orgrollout.manifest.text.shorthand import did_you_mean

Refusal = tuple[str, str]  # what is wrong, and what would be right


def why_refused(parameter: TemplateParameter, text: str) -> Refusal | None:
    """Return why a value is refused, and what would be right; nothing if it is taken."""
    for part in _parts(parameter, text):
        refused = (
            _not_a_number(parameter, part)
            or _not_allowed(parameter, part)
            or _no_match(parameter, part)
            or _wrong_length(parameter, part)
        )
        if refused:
            return refused
    return None


def why_unchecked(parameter: TemplateParameter, text: str) -> str | None:
    """Return why CloudFormation alone can tell whether a value matches; nothing if it was tried."""
    pattern = parameter.allowed_pattern
    whys = (why_untried(pattern, part) for part in _parts(parameter, text) if pattern is not None)
    return next((why for why in whys if why), None)


def _parts(parameter: TemplateParameter, text: str) -> list[str]:
    return [part.strip() for part in text.split(",")] if parameter.is_list else [text]


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
    pattern = parameter.allowed_pattern
    if pattern is None or why_untried(pattern, text) or re.fullmatch(pattern, text):
        return None
    return f"`{text}` does not match {pattern}.", parameter.constraint_description


def _wrong_length(parameter: TemplateParameter, text: str) -> Refusal | None:
    if parameter.min_length is not None and len(text) < parameter.min_length:
        return f"`{text}` is too short.", f"It takes at least {parameter.min_length} characters."
    if parameter.max_length is not None and len(text) > parameter.max_length:
        return f"`{text}` is too long.", f"It takes at most {parameter.max_length} characters."
    return None
