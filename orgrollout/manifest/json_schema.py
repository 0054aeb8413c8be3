"""The manifest as JSON Schema, for editors: what may be written, short forms included."""

from typing import Any

from orgrollout.manifest.schema import Manifest

_TEXT: dict[str, Any] = {"type": "string"}
_TEXT_OR_NUMBER: dict[str, Any] = {"type": ["string", "number"]}
_TEXTS: dict[str, Any] = {
    "anyOf": [_TEXT_OR_NUMBER, {"type": "array", "items": _TEXT_OR_NUMBER}],
}
_DURATION = r"^(?=.*\d)((\d+d)?(\d+h)?(\d+m)?(\d+s)?|P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?)$"


def schema_json() -> dict[str, Any]:
    """Return the JSON Schema of a manifest as people write it."""
    schema = Manifest.model_json_schema()
    definitions = schema["$defs"]
    for part in [*definitions.values(), schema]:
        for value in part.get("properties", {}).values():
            value.pop("title", None)
            if "description" in value:  # the lines of a docstring are one paragraph
                value["description"] = " ".join(value["description"].split())
    _spell_in(definitions)
    cleaned: dict[str, Any] = _clean(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **cleaned}


def _spell_in(definitions: dict[str, Any]) -> None:
    """Add the short forms, which are gone before the models see a manifest."""
    for name in ("ParameterOverride", "StackSet"):
        definitions[name]["properties"]["parameters"]["additionalProperties"] = _TEXTS
    definitions["StackSet"]["properties"]["tags"]["additionalProperties"] = _TEXT_OR_NUMBER
    definitions["StackSet"]["properties"]["permission_model"]["default"] = "service_managed"
    gate = definitions["Gate"]["properties"]["soak"]
    definitions["Gate"]["properties"]["soak"] = {**_TEXT, "pattern": _DURATION, **_words(gate)}
    definitions["Targets"] = _targets(definitions["Targets"])
    window = definitions["FreezeWindow"]
    moments = {k: {**_TEXT, **_words(v)} for k, v in window["properties"].items()}
    span = {**_TEXT, "pattern": "^[^/]+/[^/]+$"}
    definitions["FreezeWindow"] = {
        "description": window["description"],
        "anyOf": [span, {**window, "properties": moments}],
    }
    rollout = definitions["Rollout"]["properties"]
    window_ref = {"$ref": "#/$defs/FreezeWindow"}
    rollout["freeze"] = {
        "anyOf": [window_ref, {"type": "array", "items": window_ref}],
        **_words(rollout["freeze"]),
    }
    events = definitions["Notification"]["properties"]["on"]
    definitions["Notification"]["properties"]["on"] = {
        "anyOf": [events["items"], {k: events[k] for k in ("type", "items", "minItems")}],
        **_words(events),
    }


def _words(part: dict[str, Any]) -> dict[str, Any]:
    return {key: part[key] for key in ("description",) if key in part}


def _targets(written_out: dict[str, Any]) -> dict[str, Any]:
    block = {"$ref": "#/$defs/Block"}
    exclusion = {"$ref": "#/$defs/Exclusion"}
    words = written_out["properties"]
    include = {"anyOf": [{"const": "all"}, block, {"type": "array", "items": block}]}
    exclude = {"anyOf": [exclusion, {"type": "array", "items": exclusion}]}
    both = {
        "type": "object",
        "additionalProperties": False,
        "required": ["include"],
        "properties": {
            "include": {**include, **_words(words["include"])},
            "exclude": {**exclude, **_words(words["exclude"])},
        },
    }
    named = {**_TEXT, "description": "`all`, or the name of a target group."}
    return {"description": written_out["description"], "anyOf": [named, block, both]}


def _clean(part: Any) -> Any:
    """Return a schema that takes no null, and no key besides those that have a pattern."""
    if isinstance(part, list):
        return [_clean(one) for one in part if one != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    cleaned = {k: _clean(v) for k, v in part.items() if not (k == "default" and v is None)}
    if "patternProperties" in cleaned:
        cleaned["additionalProperties"] = False
    options = cleaned.get("anyOf")
    if isinstance(options, list) and len(options) == 1:
        del cleaned["anyOf"]
        cleaned = {**options[0], **cleaned}
    return cleaned
