"""`validate`, `schema`, `templates`: what needs no AWS."""

import json
from pathlib import Path

from orgrollout.cli.errors import DONE, FAILED
from orgrollout.cli.screen import Screen
from orgrollout.cli.session import some_home
from orgrollout.errors import ManifestError, OrgRolloutError, Problem
from orgrollout.manifest.builtin import builtin_names, builtin_path, export_builtins
from orgrollout.manifest.json_schema import schema_json
from orgrollout.manifest.lint import lint_templates
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.templates import read_template
from orgrollout.model.shown import visible
from orgrollout.report.blocks import Line, Sheet
from orgrollout.report.plan import FORMAT_VERSION
from orgrollout.report.words import count


class ExportError(OrgRolloutError):
    """The templates could not be written. Nothing was overwritten."""


def validate(manifest: Path, format_: str) -> int:
    """Check a manifest and its templates; all problems at once, each with its place."""
    screen = Screen(format_)
    problems, checked = _problems(manifest)
    document = {
        "format_version": FORMAT_VERSION,
        "manifest": str(manifest),
        "valid": not problems,
        "problems": [_problem_json(problem) for problem in problems],
    }
    if not screen.is_text:
        screen.result([], document)
    elif problems:
        for problem in problems:
            screen.errors.print(visible(str(problem)), style="red", markup=False, soft_wrap=True)
    else:
        screen.say(f"{manifest}: valid; {checked}.", "green")
    return FAILED if problems else DONE


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


def export_templates(folder: Path) -> int:
    """Write the templates that come along into a folder."""
    try:
        written = export_builtins(folder)
    except FileExistsError as error:
        raise ExportError(f"{error} Choose another folder, or move it away.") from error
    except OSError as error:
        raise ExportError(f"cannot write to {folder}: {error.strerror or error}.") from error
    Screen().show(Line(text=str(path)) for path in written)
    return DONE


def _problems(manifest: Path) -> tuple[list[Problem], str]:
    try:
        loaded = load_manifest(manifest)
    except ManifestError as error:
        return list(error.problems), ""
    templates = {template.file for template in loaded.templates.values()}
    sets = count(len(loaded.manifest.stack_sets), "stack set")
    problems = [] if loaded.home_region else [loaded.home_is_missing(*some_home(loaded))]
    problems += lint_templates(loaded)
    return problems, f"{sets}, {count(len(templates), 'template')}"


def _problem_json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "message": problem.message,
        "fix": problem.fix,
    }
