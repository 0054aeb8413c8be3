"""The reference page is true: its tables are made from the schema, and its examples load."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.manifest import load_manifest
from orgrollout.manifest.template.builtin import export_builtins
from orgrollout.manifest.template.read import read_template
from tests.manifest import reference

PAGE = reference.PAGE.read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

HEAD: dict[str, Any] = {
    "version": 1,
    "name": "baseline",
    "organization": "o-a1b2c3d4e5",
    "home_region": "us-east-1",
    "accounts": {"log_archive": "111122223333", "canary": "222233334444"},
    "region_groups": {"governed": ["us-east-1", "eu-west-1"]},
    "targets": "all",
    "regions": ["us-east-1", "eu-west-1"],
    "stack_sets": {"account-roles": {"template": "builtin:account-roles"}},
}


def test_the_tables_are_those_of_the_schema() -> None:
    """`python -m tests.manifest.reference` brings them up to date."""
    assert reference.with_tables(PAGE) == PAGE
    assert reference.shown_tables(PAGE) == set(reference.tables())


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_can_be_loaded(text: str, tmp_path: Path) -> None:
    """A part of a manifest is tried in one that has the rest."""
    export_builtins(tmp_path)
    path = tmp_path / "manifest.yaml"
    if text.startswith("Metadata:"):
        path.write_text(f"{text}Resources: {{Topic: {{Type: 'AWS::SNS::Topic'}}}}\n")
        template, findings = read_template(path, "template.yaml")
        assert template is not None, findings.problems
        return
    given = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (text only, as written)
    rest = {key: value for key, value in HEAD.items() if key not in given}
    path.write_text(yaml.safe_dump(rest) + text)
    assert load_manifest(path, environ={"STAGE": "prod"}).manifest.version == 1


def test_the_documentation_has_examples() -> None:
    assert len(EXAMPLES) > 8
