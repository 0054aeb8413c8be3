"""An editor with the JSON Schema accepts what the program accepts, and stops typing errors."""

from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import BaseModel

from orgrollout.manifest import schema
from orgrollout.manifest.described import DESCRIPTIONS
from orgrollout.manifest.json_schema import schema_json
from orgrollout.manifest.text.document import Findings, Reader
from orgrollout.manifest.text.source import compose
from tests.manifest.conftest import MANIFEST, change
from tests.manifest.design import FULL, SMALL
from tests.manifest.test_load import EXAMPLES

VALIDATOR = jsonschema.Draft202012Validator(schema_json())


def written(text: str) -> Any:
    """Return what an editor sees, in which a day is text."""
    return Reader(Findings(file="x")).read(compose(text, "x")).plain()


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(written(text)))


def test_it_is_a_json_schema() -> None:
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
def test_mistakes_are_not_valid(old: str, new: str) -> None:
    assert not is_valid(change(old, new))


def test_every_key_is_described_and_nothing_else() -> None:
    parts = [
        part
        for part in vars(schema).values()
        if isinstance(part, type) and issubclass(part, BaseModel) and part.model_fields
    ]
    assert {part.__name__: set(part.model_fields) - {"everyone"} for part in parts} == {
        name: set(keys) for name, keys in DESCRIPTIONS.items()
    }


def test_every_description_reaches_the_editor() -> None:
    text = str(schema_json())
    for keys in DESCRIPTIONS.values():
        for description in keys.values():
            assert repr(description)[1:-1] in text


def test_examples_are_where_the_tests_look() -> None:
    assert Path(EXAMPLES).is_dir()
