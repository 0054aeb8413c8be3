"""What pydantic says of a value, in words for the person who wrote it."""

import re
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from orgrollout.manifest.text.document import Item
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.manifest.text.values import EXTERNAL_ID, ROLE_ARN, ROLE_BELOW_PATH, ROLE_NAME

_ORGANIZATION_ID = r"^o-[a-z0-9]{10,32}$"
# What a pattern of the schema stands for.
_PATTERNS = {
    ROLE_NAME: ("is no name of a role.", "Use at most 64 letters, digits and any of _+=,.@-."),
    ROLE_ARN: (
        "is no ARN of a role.",
        "Write it like arn:aws:iam::111122223333:role/StackSetAdministration.",
    ),
    r"^\d{12}$": ("is no account id.", "Write twelve digits in quotes."),
    r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$": (
        "is no ARN of an SNS topic.",
        "Write it like arn:aws:sns:us-east-1:111122223333:rollouts.",
    ),
    ROLE_BELOW_PATH: (
        "names no role.",
        "Write its name alone, below its path if it has one: at most 64 letters, digits and "
        "+=,.@_-, and no ARN.",
    ),
    EXTERNAL_ID: (
        "can be no external id.",
        "Use 2 to 1,224 letters, digits and +=,.@:/_-.",
    ),
    r"^[EWI](\d{4})?$": (
        "is no rule of cfn-lint.",
        "Write its id, such as W2001, or E, W or I for all of a kind.",
    ),
    _ORGANIZATION_ID: (
        "is no organization id.",
        "Write it like o-a1b2c3d4e5; `aws organizations describe-organization` shows it.",
    ),
    r"^[A-Za-z][A-Za-z0-9-]{0,39}$": (
        "is no name.",
        "Use at most 40 letters, digits and hyphens, a letter first.",
    ),
    r"^[A-Za-z][A-Za-z0-9-]{0,79}$": (
        "is no key.",
        "Use at most 80 letters, digits and hyphens, a letter first.",
    ),
}

# What may be written where a part of the manifest is expected.
_SHAPES = {
    "Targets": "Write `all`, the name of a target group, one block, or include and exclude.",
    "Block": "Write a block such as {organizational_units: [/Workloads]}.",
    "Exclusion": 'Write a block with a reason, such as {accounts: [canary], reason: "..."}.',
    "FreezeWindow": "Write START/END, such as 2026-12-20/2027-01-04.",
    "StackSet": 'Write at least {template: "..."}.',
    "Gate": "Write {soak: 30m}, {approval: required} or both.",
    "Wave": "Write a wave such as {name: canary, percent: 10}.",
    "Notification": 'Write {sns: "arn:...", on: [halted]}.',
}

_MISSING = {
    "version": "Write `version: 1`.",
    "name": "Give it a name.",
    "organization": "Write the id of your organization, such as o-a1b2c3d4e5.",
    "stack_sets": "Write at least one stack set.",
    "reason": "Say why, for those who come later.",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is wrong, and what would be right."""

    message: str
    fix: str


def explain(detail: ErrorDetails, item: Item, model: type[BaseModel] | None) -> Explanation:
    """Return what is wrong with a value and what would be right.

    ``model`` is the part of the manifest that was expected there, if one was.
    """
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "refused":
            said = Explanation(context["message"], context["fix"])
        case "missing":
            key = str(detail["loc"][-1])
            said = Explanation("is missing.", _MISSING.get(key, "Add it."))
        case "string_type":
            said = _text_expected(item)
        case "string_pattern_mismatch":
            said = _pattern(context["pattern"], detail["input"])
        case "literal_error" | "enum":
            said = _choice(context["expected"], item)
        case "greater_than_equal" | "less_than_equal":
            said = _bound(context, item)
        case "too_short" | "string_too_short" | "string_too_long":
            said = _length(context, item)
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
            return _pattern(_ORGANIZATION_ID, item.text)
        if re.fullmatch(r"\d{12}", item.text):
            message = f"an account id must be text, not {shown(item)}."
        return Explanation(message, f'Quote it: "{item.text}".')
    return Explanation(message, "Write one text.")


def _pattern(pattern: str, value: Any) -> Explanation:
    message, fix = _PATTERNS.get(pattern, ("has not the right form.", f"It must match {pattern}."))
    return Explanation(f"`{value}` {message}", fix)


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
        return Explanation(f"must be {name}, not {shown(item)}.", _SHAPES.get(model.__name__, fix))
    return Explanation(f"must be {wanted}, not {shown(item)}.", fix)
