"""Parameters and tags: what the template takes, and what `${...}` may stand for.

A value of a NoEcho parameter is never shown.
"""

from collections.abc import Mapping
from itertools import chain

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.checks.values import why_refused
from orgrollout.manifest.template.declared import parsed_template
from orgrollout.manifest.template.template import Template, TemplateParameter, is_dynamic_reference
from orgrollout.manifest.text.document import FieldPath, problem_at
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.manifest.text.substitution import (
    ACCOUNT_PREFIX,
    ENVIRONMENT_PREFIX,
    PLAIN_NAMES,
    references,
)
from orgrollout.model.ids import StackSetKey

_REFERENCE = 'Write "{{resolve:secretsmanager:NAME}}" or the like.'


def check_parameters(checking: Checking) -> None:
    """Note parameters that the template lacks, needs or refuses, and unknown substitutions."""
    for key, stack_set in checking.present():
        path: FieldPath = ("stack_sets", key)
        for tag, text in stack_set.tags.items():
            _check_references(checking, (*path, "tags", tag), text)
        template = checking.loaded.templates.get(key)
        if template is None:
            continue
        _check_given(checking, (*path, "parameters"), stack_set.parameters, template)
        for i, override in enumerate(stack_set.parameter_overrides):
            at = (*path, "parameter_overrides", i, "parameters")
            _check_given(checking, at, override.parameters, template)
        _check_needed(checking, key, stack_set.parameters, template)
    for template in {each.file: each for each in checking.loaded.templates.values()}.values():
        _check_secrets(checking, template)


def _check_given(
    checking: Checking, path: FieldPath, given: Mapping[str, str], template: Template
) -> None:
    for name, text in given.items():
        parameter = template.parameters.get(name)
        if parameter is None:
            fix = did_you_mean(name, template.parameters) or "It takes none."
            message = f"the template {template.name} has no parameter `{name}`."
            checking.note((*path, name), message, fix, key=True)
        else:
            _check_value(checking, (*path, name), parameter, text)


def _check_value(
    checking: Checking, path: FieldPath, parameter: TemplateParameter, text: str
) -> None:
    item = checking.loaded.root.get(*path)
    if parameter.no_echo and not is_dynamic_reference(text):
        message = "is a NoEcho parameter, and no secret belongs in a manifest."
        checking.note(path, message, _REFERENCE)
    elif item and item.joined and not parameter.is_list:
        checking.note(path, f"is a list, and the parameter is a {parameter.type}.", "Write text.")
    elif _check_references(checking, path, text) or "{{resolve:" in text:
        return  # what the value will be is not known yet
    elif refused := why_refused(parameter, text):
        checking.note(path, *refused)


def _check_needed(
    checking: Checking, key: StackSetKey, given: Mapping[str, str], template: Template
) -> None:
    """Note parameters without any value; an override alone leaves other accounts without one."""
    defaults = checking.loaded.parameter_defaults(key)
    for name, parameter in template.parameters.items():
        if parameter.default is None and name not in given and name not in defaults:
            path = ("stack_sets", key, "parameters", name)
            message = f"the template {template.name} has no default for it."
            checking.note(path, message, "Give it a value.")


def _check_secrets(checking: Checking, template: Template) -> None:
    """Note secrets that the template itself holds: they would be in every plan and diff."""
    remove = f"Remove it, and give the parameter a value in the manifest. {_REFERENCE}"
    for name, parameter in template.parameters.items():
        if parameter.gives_secret_away:
            _note_inside(checking, template, ("Parameters", name, "Default"), remove)
        default = template.metadata.parameter_defaults.get(name, "")
        if parameter.no_echo and default and not is_dynamic_reference(default):
            path = ("Metadata", "orgrollout", "parameter_defaults", name)
            _note_inside(checking, template, path, _REFERENCE)


def _note_inside(checking: Checking, template: Template, path: FieldPath, fix: str) -> None:
    message = "the parameter is NoEcho, and no secret belongs in a template."
    root = parsed_template(template.body)
    problem = problem_at(template.file, root, path, message, fix)
    checking.findings.add(problem, ("template", template.file))


def _check_references(checking: Checking, path: FieldPath, text: str) -> bool:
    """Note names in `${...}` that stand for nothing, and return whether there are names at all."""
    names = references(text)
    for name in names:
        _check_reference(checking, path, name)
    return bool(names)


def _check_reference(checking: Checking, path: FieldPath, name: str) -> None:
    if name.startswith(ENVIRONMENT_PREFIX):
        variable = name.removeprefix(ENVIRONMENT_PREFIX)
        if variable not in checking.loaded.environment:
            message = f"the environment variable {variable} is not set."
            checking.note(path, message, "Set it, or write the value here.")
        return
    is_account = name.startswith(ACCOUNT_PREFIX) and checking.is_known(
        "accounts", name.removeprefix(ACCOUNT_PREFIX)
    )
    if name not in PLAIN_NAMES and not is_account:
        message = f"`${{{name}}}` stands for nothing."
        accounts = (f"{ACCOUNT_PREFIX}{account}" for account in checking.known("accounts"))
        fix = did_you_mean(name, chain(PLAIN_NAMES, accounts), f"Write $${{{name}}} for the text.")
        checking.note(path, message, fix)
