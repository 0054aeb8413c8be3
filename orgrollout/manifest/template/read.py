"""A template's text becomes a `Template`, with what it says of itself, or errors with places."""

from pathlib import Path

from orgrollout.errors import ManifestError
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.template.builtin import PREFIX, builtin_path
from orgrollout.manifest.template.dangling import dangling
from orgrollout.manifest.template.declared import as_yaml
from orgrollout.manifest.template.parameters import parameters_of
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
    parameters = parameters_of(root, findings)
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


def _check_body(root: Item, findings: Findings) -> None:
    if not root.names("Resources"):
        message, fix = "the template has no resources.", "Add at least one under Resources."
        findings.add(problem_at(findings.file, root, ("Resources",), message, fix), ("Resources",))


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
