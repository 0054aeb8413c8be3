"""What pydantic says of a value, in words for the person who wrote it."""

import re
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from orgrollout.manifest.text.document import Item
from orgrollout.manifest.text.forms import ORGANIZATION_ID
from orgrollout.manifest.text.shorthand import did_you_mean


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is wrong, and what would be right."""

    message: str
    fix: str


def explain(
    detail: ErrorDetails, item: Item, model: type[BaseModel] | None, meaning: str = ""
) -> Explanation:
    """Return what is wrong with a value and what would be right.

    ``model`` is the part of the manifest that was expected there, if one was; ``meaning`` what the
    schema says of the key.
    """
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "refused":
            said = Explanation(context["message"], context["fix"])
        case "missing":
            fix = f"Add it: {meaning[0].lower()}{meaning[1:]}" if meaning else "Add it."
            said = Explanation("is missing.", fix)
        case "string_type":
            said = _text_expected(item)
        case "literal_error" | "enum":
            said = _choice(context["expected"], item)
        case "greater_than_equal" | "less_than_equal":
            said = _bound(context, item)
        case "too_short" | "string_too_short" | "string_too_long":
            said = _length(context, item)
        case "too_long":
            fix = f"Use at most {context['max_length']:,}."
            said = Explanation(f"has {len(tuple(item.children)):,} entries.", fix)
        case _:
            said = _type_expected(kind, item, model) or Explanation(f"{detail['msg']}.", "")
    return said


def shown(item: Item) -> str:
    """Return a value as it was written, in a few words."""
    if isinstance(item.value, dict):
        return "a mapping"
    if isinstance(item.value, list):
        return "a list"
    if item.value is None:
        return "nothing"
    kind = {bool: "", int: "the number ", float: "the number "}.get(type(item.value), "the text ")
    return f"{kind}`{shorten(item.text, 60, placeholder='...')}`"


def _text_expected(item: Item) -> Explanation:
    message = f"must be text, not {shown(item)}."
    if isinstance(item.value, bool):
        meaning = str(item.value).lower()
        return Explanation(f"{message} YAML reads it as {meaning}.", f'Quote it: "{item.text}".')
    if isinstance(item.value, int | float):
        if item.path == ("organization",):  # an account id, quoted or not, is none
            return Explanation(f"`{item.text}` {ORGANIZATION_ID.wrong}", ORGANIZATION_ID.fix)
        if re.fullmatch(r"\d{12}", item.text):
            message = f"an account id must be text, not {shown(item)}."
        return Explanation(message, f'Quote it: "{item.text}".')
    return Explanation(message, "Write one text.")


def _choice(expected: str, item: Item) -> Explanation:
    choices = [choice.strip("'") for choice in re.split(r", | or ", expected)]
    one = f"Write {choices[0]}." if len(choices) == 1 else f"Write one of {', '.join(choices)}."
    value = shown(item).removeprefix("the text ")
    if item.quoted and choices[0].isdigit() and item.text in choices:
        return Explanation("must be a number, not text.", f"Write {item.text} without quotes.")
    return Explanation(f"must not be {value}.", did_you_mean(item.text, choices, one))


def _bound(context: dict[str, Any], item: Item) -> Explanation:
    if "ge" in context:
        return Explanation(f"must be at least {context['ge']}, not {item.text}.", "Raise it.")
    return Explanation(f"must be at most {context['le']}, not {item.text}.", "Lower it.")


def _length(context: dict[str, Any], item: Item) -> Explanation:
    if "max_length" in context:
        fix = f"Use at most {context['max_length']}."
        return Explanation(f"has {len(item.text)} characters.", fix)
    return Explanation("is empty.", "Give it something, or remove the key.")


def _type_expected(kind: str, item: Item, model: type[BaseModel] | None) -> Explanation | None:
    wanted, fix = {
        "int_type": ("a whole number", "Write digits without quotes."),
        "int_parsing": ("a whole number", "Write digits without quotes."),
        "bool_type": ("true or false", "Write true or false without quotes."),
        "dict_type": ("a mapping", "Write keys and values, such as {key: value}."),
        "tuple_type": ("a list", "Write a list, such as [a, b]."),
        "model_type": ("a mapping", "Write keys and values, such as {key: value}."),
        "datetime_type": ("a time", "Write it like 2026-12-20T18:00Z."),
    }.get(kind, ("", ""))
    if not wanted:
        return None
    if kind == "model_type" and model:
        name = "text or a mapping" if model.__name__ in {"Targets", "FreezeWindow"} else wanted
        how = getattr(model, "written", "") or fix
        return Explanation(f"must be {name}, not {shown(item)}.", how)
    return Explanation(f"must be {wanted}, not {shown(item)}.", fix)
