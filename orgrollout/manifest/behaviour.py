"""The file of `confirm`: how AWS was found to behave, read and written."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from orgrollout.errors import ManifestError
from orgrollout.manifest.schema import Manifest
from orgrollout.manifest.text.document import Findings, Item, Reader
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.manifest.text.source import compose, read_text
from orgrollout.model.behaviour import QUESTIONS, Behaviour, Value

_KEY = "behaviour"
_HEAD = """\
# How AWS behaves where its documentation is silent: written by `orgrollout confirm`.
# A manifest takes it with `behaviour: FILE`, `sandbox start` with `--behaviour FILE`.
version: 1
behaviour:
"""


def read_behaviour(path: Path) -> Behaviour:
    """Return the answers in a file.

    Raises:
        ManifestError: Something is wrong with it; its problems are all that were found.
    """
    findings = Findings(file=str(path))
    root = Reader(findings).read(compose(read_text(path), findings.file))
    values = dict(_values(root, findings))
    if findings.problems:
        raise ManifestError(findings.problems)
    return Behaviour(values=values)


def with_behaviour(manifest: Manifest, path: Path, findings: Findings) -> Manifest:
    """Return a manifest with what it leaves open decided by the file that it names.

    What is wrong with that file is noted among the ``findings``.
    """
    if manifest.behaviour is None:
        return manifest
    try:
        found = read_behaviour(path.parent / manifest.behaviour)
    except ManifestError as error:
        for problem in error.problems:
            findings.add(problem, (_KEY,))
        return manifest
    rollout = manifest.rollout
    if not found.keeps_old_definition or "updates_by" in rollout.model_fields_set:
        return manifest
    decided = rollout.model_copy(update={"updates_by": "update_stack_set"})
    return manifest.model_copy(update={"rollout": decided})


def behaviour_text(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield the text of a file with these answers."""
    yield _HEAD if values else _HEAD.replace("behaviour:\n", "behaviour: {}\n")
    for name, value in sorted(values.items()):
        yield f"  {name}: {_written(value)}\n"


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value.isascii() and value.isidentifier() and yaml.safe_load(value) == value:
        return value
    # In double quotes, YAML writes every character that it cannot hold as an escape.
    return str(yaml.safe_dump(value, default_style='"', width=math.inf)).rstrip("\n")


def _values(root: Item, findings: Findings) -> Iterator[tuple[str, Value]]:
    version, answers = root.child("version"), root.child(_KEY)
    if version is None or version.value != 1 or answers is None:
        findings.at(
            root,
            "is no file of `orgrollout confirm`.",
            "Such a file has `version: 1` and `behaviour:`.",
        )
        return
    for key, item in root.children:
        if key not in ("version", _KEY):
            findings.at(item, f"`{key}` is no key of such a file.", "Remove it.")
    if not isinstance(answers.value, dict):
        findings.at(answers, "is no mapping of names to answers.", "Run `orgrollout confirm`.")
        return
    for name, item in answers.value.items():
        yield from _answer(name, item, findings)


def _answer(name: str, item: Item, findings: Findings) -> Iterator[tuple[str, Value]]:
    question = QUESTIONS.get(name)
    if question is None:
        hint = did_you_mean(name, QUESTIONS, "Remove it.")
        findings.at(item, f"no experiment is called `{name}`.", hint)
        return
    value = item.value
    if isinstance(value, str | bool) and question.allows(value):
        yield name, value
        return
    values = ", ".join(_written(each) for each in question.values)
    fix = "Give a text, in quotes." if question.is_open else f"Answers are {values}."
    findings.at(item, "is no answer to this question.", fix)
