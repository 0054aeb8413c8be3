"""`validate`, `schema`, `templates list`: what needs no AWS."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from orgrollout.cli.errors import DONE, FAILED, WrongUsageError
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import ManifestError, Problem
from orgrollout.manifest.json_schema import schema_json
from orgrollout.manifest.lint import Severity, lint_manifest
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.once_advice import made_once_only
from orgrollout.manifest.placeholders import placeholders
from orgrollout.manifest.template.builtin import builtin_names, builtin_path
from orgrollout.manifest.template.read import read_template
from orgrollout.manifest.text.source import read_text
from orgrollout.model.shown import visible
from orgrollout.reconcile.process.garbage_collection import rarely_collected
from orgrollout.reconcile.reading.home_region import some_home
from orgrollout.report.layout.blocks import Sheet
from orgrollout.report.layout.words import count
from orgrollout.report.plan.as_text import FORMAT_VERSION

_WORST_FIRST: tuple[Severity, ...] = ("error", "warning", "informational")
_STYLES = {"error": "red", "warning": "yellow", "informational": "dim"}
_RULE = re.compile(r"[EWI](\d{4})?")


def validate(
    manifest: Path, format_: str, *, severity: str | None = None, accept: Collection[str] = ()
) -> int:
    """Check a manifest and its templates; all problems at once, each with its place.

    Those that are less severe than asked for are shown, and the manifest is valid with them.
    """
    for rule in accept:
        if not _RULE.fullmatch(rule):
            raise WrongUsageError(f"--accept {rule}: no rule of cfn-lint. Write one such as W2001.")
    screen = Screen(format_)
    problems, checked, wanted = _problems(manifest, accept)
    refused = _WORST_FIRST[: _WORST_FIRST.index(severity or wanted) + 1]
    is_valid = not any(problem.severity in refused for problem in problems)
    document = {
        "format_version": FORMAT_VERSION,
        "manifest": str(manifest),
        "valid": is_valid,
        "problems": [_problem_json(problem) for problem in problems],
    }
    if not screen.is_text:
        screen.result([], document)
        return DONE if is_valid else FAILED
    for problem in problems:
        style = _STYLES[problem.severity]
        screen.errors.print(visible(str(problem)), style=style, markup=False, soft_wrap=True)
    if is_valid:
        told = f"; {_counted(problems)}" if problems else ""
        screen.say(f"{manifest}: valid; {checked}{told}.", "green")
    return DONE if is_valid else FAILED


def schema() -> int:
    """Print the JSON Schema of the manifest."""
    Screen("json").raw(json.dumps(schema_json(), indent=2, ensure_ascii=False))
    return DONE


def list_templates(format_: str) -> int:
    """List the templates that come along."""
    found = []
    for name in builtin_names():
        template, _ = read_template(builtin_path(name), f"builtin:{name}")
        about = template.metadata.summary if template else ""
        found.append({"name": f"builtin:{name}", "description": about})
    sheet = Sheet(
        headers=("template", "what it does"),
        rows=tuple((each["name"], each["description"]) for each in found),
    )
    Screen(format_).result([sheet], {"format_version": FORMAT_VERSION, "templates": found})
    return DONE


def _counted(problems: Iterable[Problem]) -> str:
    """Return how many problems there are of each severity, the worst first."""
    found = Counter(problem.severity for problem in problems)
    words = {"informational": ("remark", "remarks")}
    return ", ".join(
        count(found[each], *words.get(each, (each,))) for each in _WORST_FIRST if found[each]
    )


@rarely_collected()
def _problems(manifest: Path, accept: Collection[str]) -> tuple[list[Problem], str, str]:
    """Return the problems, what was checked, and how severe they have to be."""
    try:
        loaded = load_manifest(manifest)
    except ManifestError as error:
        return list(error.problems), "", "error"
    templates = {template.file for template in loaded.templates.values()}
    sets = count(len(loaded.manifest.stack_sets), "stack set")
    problems = [] if loaded.home_region else [loaded.home_is_missing(*some_home(loaded))]
    if manifest.is_file():  # a pipe is read once
        problems += placeholders(read_text(manifest), str(manifest))
    problems += made_once_only(loaded)
    problems += lint_manifest(loaded, accept)
    wanted = loaded.manifest.templates.lint.severity
    return problems, f"{sets}, {count(len(templates), 'template')}", wanted


def _problem_json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "message": problem.message,
        "fix": problem.fix,
        "severity": problem.severity,
    }
