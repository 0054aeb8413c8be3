"""A manifest's file becomes a `LoadedManifest`, or every error in it at once."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from orgrollout.errors import ManifestError, Problem
from orgrollout.manifest.behaviour import with_behaviour
from orgrollout.manifest.checks import check
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Manifest
from orgrollout.manifest.template.builtin import PREFIX, builtin_names, builtin_path
from orgrollout.manifest.template.read import read_template
from orgrollout.manifest.template.template import Template
from orgrollout.manifest.text.document import Findings, Item, Reader, problem_at
from orgrollout.manifest.text.shorthand import did_you_mean, few_suggestions, spell_out
from orgrollout.manifest.text.source import compose, read_text
from orgrollout.manifest.text.substitution import ENVIRONMENT_PREFIX, references
from orgrollout.manifest.validate import read_manifest
from orgrollout.model.ids import StackSetKey


@few_suggestions()
def load_manifest(path: Path, *, environ: Mapping[str, str] | None = None) -> LoadedManifest:
    """Return the manifest in a file, with its templates, checked as far as AWS is not needed.

    ``environ`` is what `${env:NAME}` looks into; by default this process's environment.

    Raises:
        ManifestError: Something is wrong with it; its problems are all that could be found.
    """
    findings = Findings(file=str(path))
    root = Reader(findings).read(compose(read_text(path), findings.file))
    if not isinstance(root.value, dict):
        findings.at(
            root, "is no manifest: its top level is no mapping.", "Begin with `version: 1`."
        )
        raise ManifestError(findings.problems)
    spell_out(root, findings)
    manifest = read_manifest(root, findings)
    if manifest is None:
        raise ManifestError(_in_order(findings))
    manifest = with_behaviour(manifest, path, findings)
    loaded = LoadedManifest(
        path=path,
        manifest=manifest,
        templates=_templates(manifest, root, path, findings),
        environment=_environment(root, os.environ if environ is None else environ),
        root=root,
    )
    check(loaded, findings)
    if findings.problems:
        raise ManifestError(_in_order(findings))
    return loaded


def _environment(root: Item, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the manifest refers to, and no other: some hold credentials."""
    names = {
        name.removeprefix(ENVIRONMENT_PREFIX)
        for text in _scalars(root)
        for name in references(text)
        if name.startswith(ENVIRONMENT_PREFIX)
    }
    return {name: environ[name] for name in sorted(names) if name in environ}


def _scalars(item: Item) -> Iterator[str]:
    if isinstance(item.value, str):
        yield item.value
    for _, child in item.children:
        yield from _scalars(child)


def _in_order(findings: Findings) -> list[Problem]:
    """Return the manifest's own problems first, from top to bottom, then those of templates."""
    return sorted(
        findings.problems,
        key=lambda p: (p.file != findings.file, p.file, p.line or 0, p.column or 0),
    )


def _templates(
    manifest: Manifest, root: Item, path: Path, findings: Findings
) -> dict[StackSetKey, Template]:
    """Return the templates that could be read, each file once."""
    read: dict[str, Template | None] = {}
    templates: dict[StackSetKey, Template] = {}
    for key, stack_set in manifest.stack_sets.items():
        name = stack_set.template
        if stack_set.state == "absent" or name is None:
            continue
        if name not in read and (found := _find(name, key, root, path, findings)):
            read[name] = _read(found, name, findings)
        if template := read.get(name):
            templates[StackSetKey(key)] = template
    return templates


def _find(name: str, key: str, root: Item, path: Path, findings: Findings) -> Path | None:
    """Return where a template is, or nothing after noting that it is nowhere."""
    field = ("stack_sets", key, "template")
    names = builtin_names()
    if name.startswith(PREFIX):
        if (builtin := name.removeprefix(PREFIX)) in names:
            return builtin_path(builtin)
        message, fix = f"no template `{builtin}` comes along.", did_you_mean(builtin, names)
    else:
        found = Path(os.path.normpath(path.parent / name))
        message = f"there is no file {found}."
        try:
            if found.is_file():
                return found
        except OSError as error:
            message = f"{found} cannot be read: {error.strerror}."
        fix = "Name a file, relative to the manifest, or builtin:NAME."
        if name in names:
            fix = f"Did you mean `{PREFIX}{name}`?"
        elif "://" in name:
            message, fix = f"`{name}` is no file.", "Download it, and name the file."
    findings.add(problem_at(findings.file, root, field, message, fix), field)
    return None


def _read(found: Path, name: str, findings: Findings) -> Template | None:
    file = name if name.startswith(PREFIX) else str(found)
    try:
        template, inside = read_template(found, file)
    except ManifestError as error:
        template, problems = None, error.problems
    else:
        problems = tuple(inside.problems)
    for problem in problems:
        findings.add(problem, ("template", file))
    return template
