"""Spelled-out items become a `Manifest`; each mistake becomes one problem in words for a person.

What is broken is taken out, entry by entry, so that the rest can still be checked in the same run.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orgrollout.manifest.schema import Block, Manifest, Targets
from orgrollout.manifest.schema.part import meaning
from orgrollout.manifest.text.document import FieldPath, Findings, Item, problem_at
from orgrollout.manifest.text.explain import Explanation, explain
from orgrollout.manifest.text.shorthand import MAX_SUGGESTIONS, did_you_mean, is_close

Model = TypeVar("Model", bound=BaseModel)

_TABLES = {"accounts", "region_groups", "target_groups", "stack_sets"}
_PLACEHOLDERS = {"version": 1, "name": "unnamed", "organization": "o-0000000000"}


def read_manifest(root: Item, findings: Findings) -> Manifest | None:
    """Return what of the manifest is sound; nothing if too little is. Notes what is wrong."""
    manifest = validate(Manifest, root, findings)
    if not findings.broken:
        return manifest
    if findings.broken & {(), ("stack_sets",)}:
        return None
    try:
        return Manifest.model_validate(_without(root.plain(), findings.broken))
    except ValidationError:
        return None


def _without(data: Any, broken: set[FieldPath]) -> dict[str, Any]:
    """Return the data without the entries that something is wrong with."""
    kept = {k: dict(v) if isinstance(v, dict) else v for k, v in data.items()}
    for top, *rest in sorted(broken, key=str):
        table = kept.get(str(top))
        if rest and top in _TABLES and isinstance(table, dict):
            table.pop(rest[0], None)
        elif top in _PLACEHOLDERS:
            kept[str(top)] = _PLACEHOLDERS[str(top)]
        else:
            kept.pop(str(top), None)
    return kept


def validate(model: type[Model], root: Item, findings: Findings) -> Model | None:
    """Return the model, or nothing after noting what is wrong, each mistake once."""
    try:
        return model.model_validate(root.plain())
    except ValidationError as error:
        details = error.errors(include_url=False)
    taken = _unknown_keys(details)
    inside = Counter(d["loc"][:end] for d in details for end in range(len(d["loc"]) + 1))
    more: list[FieldPath] = []
    told = 0
    for detail in details:
        path = _path(detail)
        if _is_known(root, path, findings) or _follows(detail, inside):
            continue
        is_unknown = detail["type"] == "extra_forbidden"
        if is_unknown and told == MAX_SUGGESTIONS:
            more.append(path)
            continue
        told += is_unknown
        _note(model, root, detail, taken, findings)
    _note_more(root, more, findings)
    return None


def _unknown_keys(details: list[ErrorDetails]) -> dict[FieldPath, list[str]]:
    """Return the keys that the model does not know, under the path of what they stand in."""
    found: dict[FieldPath, list[str]] = {}
    for detail in details:
        if detail["type"] == "extra_forbidden":
            path = _path(detail)
            found.setdefault(path[:-1], []).append(str(path[-1]))
    return found


def _note_more(root: Item, more: list[FieldPath], findings: Findings) -> None:
    """Note at the first of them how many unknown keys are not named one by one."""
    for path in more:
        findings.broken.add(path)
    if more:
        message = f"and {len(more):,} more unknown {'key' if len(more) == 1 else 'keys'}."
        fix = "Correct the ones above first."
        problem = problem_at(findings.file, root, more[0], message, fix, key=True)
        findings.add(problem, root.nearest(more[0])[0].path)


def _is_known(root: Item, path: FieldPath, findings: Findings) -> bool:
    """Return whether something was said of this very value already."""
    item = root.get(*path)
    return item is not None and item.path in findings.broken


def _follows(detail: ErrorDetails, inside: "Counter[FieldPath]") -> bool:
    """Return whether a list seems empty only because what is in it is wrong.

    ``inside``: how many errors there are at a place and below it.
    """
    return detail["type"] == "too_short" and inside[detail["loc"]] > 1


def _path(detail: ErrorDetails) -> FieldPath:
    """Return where an error is; pydantic marks the key of a mapping with a part of its own."""
    loc = detail["loc"]
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _note(
    model: type[BaseModel],
    root: Item,
    detail: ErrorDetails,
    unknown: Mapping[FieldPath, list[str]],
    findings: Findings,
) -> None:
    path = _path(detail)
    item, _ = root.nearest(path)
    is_key = detail["loc"] != path or detail["type"] == "extra_forbidden"
    if detail["type"] == "missing" and _is_misspelt(path, unknown):
        return
    if detail["type"] == "extra_forbidden":
        said = _unknown_key(model_at(model, path[:-1]), str(path[-1]))
    else:
        said = explain(detail, item, model_at(model, path), _meaning_at(model, path))
    problem = problem_at(findings.file, root, path, said.message, said.fix, key=is_key)
    findings.broken.add(path)  # as spelled out, besides as written
    findings.add(problem, item.path)


def _is_misspelt(path: FieldPath, unknown: Mapping[FieldPath, list[str]]) -> bool:
    """Return whether a key that is missing is there under a name that comes close."""
    name = str(path[-1])
    return any(is_close(each, name) for each in unknown.get(path[:-1], ()))


def _unknown_key(model: type[BaseModel] | None, key: str) -> Explanation:
    known = set(model.model_fields) - {"everyone"} if model else set()
    if model in {Block, Targets}:
        known |= {"include", "exclude"}
    if model is Targets and key in Block.model_fields:
        message = "cannot stand beside include or exclude."
        return Explanation(message, "Put it in a block of include.")
    return Explanation("unknown key.", did_you_mean(key, known))


def _meaning_at(model: type[BaseModel], path: FieldPath) -> str:
    """Return what the schema says of the key that a path ends with, if it knows that key."""
    part = model_at(model, path[:-1]) if path else None
    field = part.model_fields.get(str(path[-1])) if part else None
    return meaning(field) if field else ""


def model_at(model: type[BaseModel], path: FieldPath) -> type[BaseModel] | None:
    """Return the model that describes what stands under a path, if one does."""
    current: Any = model
    for part in path:
        current = _step(current, part)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return _bare(field.annotation) if field else None
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict or (origin and issubclass(origin, Mapping)):
        return _bare(arguments[1])
    return _bare(arguments[0]) if origin is tuple else None


def _bare(annotation: Any) -> Any:
    """Return an annotation without `None` and without metadata."""
    arguments = [a for a in get_args(annotation) if a is not type(None)]
    if hasattr(annotation, "__metadata__"):
        return _bare(arguments[0])
    if type(None) in get_args(annotation):
        return _bare(arguments[0])
    return annotation
