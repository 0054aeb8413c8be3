"""An editor with the JSON Schema accepts what the program accepts, and stops typing errors."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from orgrollout.manifest import schema
from orgrollout.manifest.json_schema import schema_json
from orgrollout.manifest.schema import Manifest
from orgrollout.manifest.schema.part import Part, meaning
from orgrollout.manifest.template.self_description import SelfDescription
from orgrollout.manifest.text import forms as forms_module
from orgrollout.manifest.text.document import Findings, Reader
from orgrollout.manifest.text.forms import Form
from orgrollout.manifest.text.source import compose
from tests.manifest.conftest import MANIFEST, change
from tests.manifest.design import FULL, SMALL
from tests.manifest.reference import keys, parts
from tests.manifest.test_load import EXAMPLES

VALIDATOR = jsonschema.Draft202012Validator(schema_json())


def written(text: str) -> Any:
    """Return the data as an editor reads it, with a date as text."""
    return Reader(Findings(file="x")).read(compose(text, "x")).plain()


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(written(text)))


def test_the_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema_json())


@pytest.mark.parametrize("text", [SMALL, FULL, MANIFEST])
def test_the_manifests_of_the_design_are_valid(text: str) -> None:
    VALIDATOR.validate(written(text))


def test_every_example_is_valid() -> None:
    for path in EXAMPLES.glob("*.yaml"):
        if "stack_sets:" in (text := path.read_text()):
            VALIDATOR.validate(written(text))


@pytest.mark.parametrize(
    "targets",
    [
        "all",
        "core",
        "{organizational_units: /Core}",
        "{accounts: [log_archive], tags: {tier: gold}, match: any}",
        "{include: all}",
        "{include: {accounts: log_archive}, exclude: {tags: {tier: [a]}, reason: x}}",
        "{include: [{accounts: log_archive}], exclude: [{regions: home, reason: x}]}",
    ],
)
def test_short_forms_of_targets_are_valid(targets: str) -> None:
    assert is_valid(change("targets: all", f"targets: {targets}"))


@pytest.mark.parametrize(
    "extra",
    [
        "rollout: {freeze: 2026-12-20/2027-01-04}",
        "rollout: {freeze: [{start: 2026-12-20, end: 2027-01-04}]}",
        "rollout: {max_failed_accounts: 5}",
        "rollout: {waves: [{name: a, accounts: log_archive, after: {soak: P1DT2H}}]}",
        "notifications: [{sns: 'arn:aws:sns:us-east-1:111122223333:x', on: halted}]",
        "guards: {never_remove_from: {accounts: log_archive}, on_empty_targets: ok}",
    ],
)
def test_other_short_forms_are_valid(extra: str) -> None:
    assert is_valid(f"{MANIFEST}{extra}\n")


@pytest.mark.parametrize("value", ["text", "5", "1.5", "[a, 5]"])
def test_parameters_may_be_text_numbers_and_lists(value: str) -> None:
    assert is_valid(change("DAILY}", f"{value}}}"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("targets: all", "target: all"),
        ("targets: all", "targets: {acounts: [a]}"),
        ("targets: all", "targets: {include: all, accounts: [a]}"),
        ("targets: all", "targets: {exclude: {accounts: [a], reason: x}}"),
        ("targets: all", "targets: {include: all, exclude: {accounts: [a]}}"),
        ("targets: all", "targets:"),
        ("targets: all", "targets: all\nrollout: {waves: [{name: a, after: {soak: 30}}]}"),
        ("targets: all", "targets: all\nrollout: {waves: [{name: a, percent: 0}]}"),
        ('"111122223333"', "111122223333"),
        ("DAILY}", "true}"),
        ("  roles:\n", "  no spaces:\n    template: x\n  roles:\n"),
        ("  roles:\n", "  roles:\n    state: gone\n"),
        ("version: 1", "version: 2"),
    ],
)
def test_manifests_with_mistakes_are_not_valid(old: str, new: str) -> None:
    assert not is_valid(change(old, new))


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.__name__)
def test_every_key_has_a_description(part: type[Part]) -> None:
    for key, field in part.model_fields.items():
        said = meaning(field)
        assert re.fullmatch(r"[A-Z`].{9,}\.", said), key


def test_every_part_of_a_manifest_is_known_to_these_tests() -> None:
    """A model that is in the schema and not in its list would have no table, and no test."""
    known = {part.__name__ for part in parts()}
    models = {*Manifest.model_json_schema()["$defs"], *SelfDescription.model_json_schema()["$defs"]}
    assert models - known == {"Match", "OnProblem"}


@pytest.mark.parametrize(
    "part",
    [part for part in parts() if part.__module__.startswith(schema.__name__)],
    ids=lambda part: part.__name__,
)
def test_every_description_reaches_the_editor(part: type[Part]) -> None:
    text = json.dumps(schema_json(), ensure_ascii=False)
    for field in keys(part).values():
        assert json.dumps(meaning(field), ensure_ascii=False) in text


def test_every_pattern_has_an_error_message_for_the_editor() -> None:
    """A pattern without words of its own would show a regular expression to the user."""
    forms = {form.pattern for form in vars(forms_module).values() if isinstance(form, Form)}
    found = _patterns(Manifest.model_json_schema())
    assert found
    assert found <= forms


def _patterns(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(_patterns, part))
    if not isinstance(part, dict):
        return set()
    mine = {part["pattern"]} if isinstance(part.get("pattern"), str) else set()
    return mine.union(part.get("patternProperties", ()), *map(_patterns, part.values()))


def test_examples_are_where_the_tests_look() -> None:
    assert Path(EXAMPLES).is_dir()
