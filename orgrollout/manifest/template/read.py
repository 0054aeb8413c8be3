"""A template's text becomes a `Template`, with what it says of itself, or errors with places."""

from collections.abc import Container
from pathlib import Path

from orgrollout.errors import ManifestError
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.template.builtin import PREFIX, builtin_path
from orgrollout.manifest.template.dangling import dangling
from orgrollout.manifest.template.posture import read_posture
from orgrollout.manifest.template.self_description import SelfDescription
from orgrollout.manifest.template.self_managed_only import self_managed_only
from orgrollout.manifest.template.template import (
    RegionGap,
    Template,
    TemplateMetadata,
    TemplateParameter,
)
from orgrollout.manifest.text.document import Findings, Item, Reader, problem_at
from orgrollout.manifest.text.shorthand import did_you_mean, few_suggestions
from orgrollout.manifest.text.source import compose, read_text
from orgrollout.manifest.text.substitution import ACCOUNT_PREFIX, PLAIN_NAMES, references
from orgrollout.manifest.validate import validate
from orgrollout.model.ids import Region

_KEEPING = {"Retain", "RetainExceptOnCreate", "Snapshot"}  # values of a DeletionPolicy


def read_template(path: Path, file: str) -> tuple[Template | None, Findings]:
    """Return the template in a file, or nothing, and what is wrong with it.

    ``file`` is what problems call it.

    Raises:
        ManifestError: It cannot be read, or is no YAML.
    """
    return template_from(read_text(path), path.stem, file)


@few_suggestions()
def template_from(body: str, name: str, file: str) -> tuple[Template | None, Findings]:
    """Return the template of a text, or nothing, and what is wrong with it.

    Raises:
        ManifestError: It is no YAML.
    """
    findings = Findings(file=file)
    node = compose(as_yaml(body), file)
    root = Reader(findings, custom_tags=True).read(node)
    if not isinstance(root.value, dict):
        findings.at(root, "is no template: its top level is no mapping.", "Begin with Resources:.")
        return None, findings
    _check_body(root, findings)
    for problem in dangling(node, file):
        findings.add(problem, ("Resources",))
    parameters = _parameters(root, findings)
    metadata = _metadata(root, body, parameters, findings)
    if findings.problems:
        return None, findings
    return (
        Template(
            name=name,
            body=body,
            parameters=parameters,
            metadata=metadata,
            file=file,
            self_managed_only=self_managed_only(node),
        ),
        findings,
    )


def declared_parameters(body: str) -> tuple[str, ...]:
    """Return the names of the parameters that a template's text declares.

    Raises:
        ManifestError: It is no YAML.
    """
    return parsed_template(body).names("Parameters")


def secret_parameters(body: str) -> frozenset[str]:
    """Return the names of the parameters that a template's text declares as NoEcho.

    Raises:
        ManifestError: It is no YAML.
    """
    declared = parsed_template(body).get("Parameters")
    return frozenset(
        str(name)
        for name, parameter in (declared.children if declared else ())
        if (_text(parameter.get("NoEcho")) or "").lower() == "true"
    )


def declared_defaults(body: str) -> dict[str, str]:
    """Return the Default of each parameter of a template's text that has one.

    Raises:
        ManifestError: It is no YAML.
    """
    found = _parameters(parsed_template(body), Findings(file="template"))
    return {p.name: p.default for p in found.values() if p.default is not None}


def resource_types(body: str) -> tuple[str, ...]:
    """Return the types of the resources that a template's text makes, each once.

    Raises:
        ManifestError: It is no YAML.
    """
    resources = parsed_template(body).get("Resources")
    kinds = [item.get("Type") for _, item in resources.children] if resources else []
    return tuple(dict.fromkeys(kind.text for kind in kinds if kind is not None))


def resource_names(body: str) -> tuple[str, ...]:
    """Return the logical ids of the resources in a template's text.

    Raises:
        ManifestError: It is no YAML.
    """
    return parsed_template(body).names("Resources")


def names_of(body: str, kinds: Container[str]) -> tuple[str, ...]:
    """Return the logical ids of the resources of some types in a template's text.

    Raises:
        ManifestError: It is no YAML.
    """
    resources = parsed_template(body).get("Resources")
    found = resources.children if resources else ()
    return tuple(str(name) for name, item in found if _text(item.get("Type")) in kinds)


def parsed_template(body: str) -> Item:
    """Return a template's text, every value with its place.

    Raises:
        ManifestError: It is no YAML.
    """
    return Reader(Findings(file="template"), custom_tags=True).read(
        compose(as_yaml(body), "template")
    )


def what_stays(body: str) -> tuple[str, tuple[str, ...]]:
    """Return what a template's text says stays behind when its stack goes, and what is kept.

    The first is `leaves_behind` of its metadata. The second are the logical ids of resources with
    a DeletionPolicy that keeps them, or a snapshot of them (CloudFormation user guide,
    "DeletionPolicy attribute").

    Raises:
        ManifestError: It is no YAML.
    """
    root = parsed_template(body)
    resources = root.get("Resources")
    kept = (
        name
        for name, resource in (resources.children if resources else ())
        if _text(resource.get("DeletionPolicy")) in _KEEPING
    )
    said = _text(root.get("Metadata", "orgrollout", "leaves_behind")) or ""
    return said, tuple(str(name) for name in kept)


def builtin_template(name: str) -> Template:
    """Return a template that comes along.

    Raises:
        KeyError: There is none of that name.
        ManifestError: It is damaged.
    """
    template, findings = read_template(builtin_path(name), f"{PREFIX}{name}")
    if template is None:
        raise ManifestError(findings.problems)
    return template


def as_yaml(body: str) -> str:
    """Return JSON that is indented with tabs as YAML can read it; a tab is never in a string."""
    return body.replace("\t", " ") if body.lstrip().startswith("{") else body


def _check_body(root: Item, findings: Findings) -> None:
    if not root.names("Resources"):
        message, fix = "the template has no resources.", "Add at least one under Resources."
        findings.add(problem_at(findings.file, root, ("Resources",), message, fix), ("Resources",))


def _parameters(root: Item, findings: Findings) -> dict[str, TemplateParameter]:
    item = root.get("Parameters")
    if item is None:
        return {}
    if not isinstance(item.value, dict):
        findings.at(item, "must be a mapping.", "Write names of parameters and their Type.")
        return {}
    return {name: _parameter(name, one, findings) for name, one in item.value.items()}


def _parameter(name: str, item: Item, findings: Findings) -> TemplateParameter:
    type_ = item.get("Type")
    if type_ is None or not isinstance(type_.value, str):
        findings.at(item, "the parameter has no Type.", "Write Type: String.")
        return TemplateParameter(name=name)
    pattern = item.get("AllowedPattern")
    return TemplateParameter(
        name=name,
        type=type_.value,
        default=_text(item.get("Default")),
        no_echo=(_text(item.get("NoEcho")) or "").lower() == "true",
        allowed_values=_texts(item.get("AllowedValues")),
        allowed_pattern=pattern.text if pattern else None,
        constraint_description=_text(item.get("ConstraintDescription")) or "",
        min_length=_whole(item.get("MinLength")),
        max_length=_whole(item.get("MaxLength")),
        min_value=_number(item.get("MinValue")),
        max_value=_number(item.get("MaxValue")),
    )


def _text(item: Item | None) -> str | None:
    """Return a scalar as CloudFormation turns it into text; the parts of a list joined."""
    if item is None:
        return None
    if isinstance(item.value, list):
        return ",".join(_texts(item))
    return str(item.value).lower() if isinstance(item.value, bool) else item.text


def _texts(item: Item | None) -> tuple[str, ...]:
    return tuple(_text(child) or "" for _, child in item.children) if item else ()


def _number(item: Item | None) -> float | None:
    try:
        return float(item.text) if item else None
    except ValueError:
        return None


def _whole(item: Item | None) -> int | None:
    number = _number(item)
    return None if number is None else int(number)


def _metadata(
    root: Item, body: str, parameters: dict[str, TemplateParameter], findings: Findings
) -> TemplateMetadata:
    item = root.get("Metadata", "orgrollout")
    said = validate(SelfDescription, item, findings) if item else None
    if said is None or item is None:
        return TemplateMetadata()
    _check_defaults(item, said, parameters, findings)
    _check_gaps(item, said, findings)
    return TemplateMetadata(
        summary=said.summary,
        capabilities=said.capabilities,
        once_per_account=said.once_per_account,
        depends_on=said.depends_on,
        region_gaps=tuple(
            RegionGap(regions=tuple(Region(r) for r in gap.regions), reason=gap.reason)
            for gap in said.regions.exclude
        ),
        parameter_defaults=said.parameter_defaults,
        costs=said.costs,
        leaves_behind=said.leaves_behind,
        posture=read_posture(item, said.posture, parameters, body, findings),
        preconditions=read_posture(
            item, said.preconditions, parameters, body, findings, field="preconditions"
        ),
    )


def _check_defaults(
    item: Item, said: SelfDescription, parameters: dict[str, TemplateParameter], findings: Findings
) -> None:
    for name, text in said.parameter_defaults.items():
        path = ("parameter_defaults", name)
        if name not in parameters:
            message = f"the template has no parameter `{name}`."
            fix = did_you_mean(name, parameters, "Remove the default.")
            findings.add(problem_at(findings.file, item, path, message, fix, key=True), path)
        for reference in references(text):
            if reference not in PLAIN_NAMES and not reference.startswith(ACCOUNT_PREFIX):
                message = f"`${{{reference}}}` stands for nothing here."
                fix = did_you_mean(reference, [*PLAIN_NAMES, "accounts.NAME"])
                findings.add(problem_at(findings.file, item, path, message, fix), path)


def _check_gaps(item: Item, said: SelfDescription, findings: Findings) -> None:
    for i, gap in enumerate(said.regions.exclude):
        for j, region in enumerate(gap.regions):
            if region not in PARTITIONS:
                path = ("regions", "exclude", i, "regions", j)
                fix = did_you_mean(region, PARTITIONS)
                message = f"there is no Region `{region}`."
                findings.add(problem_at(findings.file, item, path, message, fix), path)
