"""What a template's text declares, read for itself: no finding is made of it."""

from collections.abc import Container

from orgrollout.manifest.template.parameters import parameters_of, text_of
from orgrollout.manifest.text.document import Findings, Item, Reader
from orgrollout.manifest.text.source import compose

_KEEPING = {"Retain", "RetainExceptOnCreate", "Snapshot"}  # values of a DeletionPolicy


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
        if (text_of(parameter.get("NoEcho")) or "").lower() == "true"
    )


def declared_defaults(body: str) -> dict[str, str]:
    """Return the Default of each parameter of a template's text that has one.

    Raises:
        ManifestError: It is no YAML.
    """
    found = parameters_of(parsed_template(body), Findings(file="template"))
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
    return tuple(str(name) for name, item in found if text_of(item.get("Type")) in kinds)


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
        if text_of(resource.get("DeletionPolicy")) in _KEEPING
    )
    said = text_of(root.get("Metadata", "orgrollout", "leaves_behind")) or ""
    return said, tuple(str(name) for name in kept)


def as_yaml(body: str) -> str:
    """Return JSON that is indented with tabs as YAML can read it; a tab is never in a string."""
    return body.replace("\t", " ") if body.lstrip().startswith("{") else body
