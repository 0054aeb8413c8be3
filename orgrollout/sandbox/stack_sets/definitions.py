"""The definition of a stack set, from the input of CreateStackSet and UpdateStackSet."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from orgrollout.sandbox import templates
from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.records import Definition

MAX_TAGS = 50


class Definitions:
    """Checks and makes definitions; templates may be read from S3."""

    def __init__(self, read_url: Callable[[str], str], omitted_parameters: str) -> None:
        self._read_url = read_url
        self._keeps = omitted_parameters == "keep"

    def make(
        self, old: Definition | None, params: Mapping[str, Any], *, service_managed: bool
    ) -> Definition:
        """Return the definition that follows ``old``: the same version if nothing changed.

        Raises:
            ApiError: ValidationError or InsufficientCapabilitiesException.
        """
        body = self._body(old, params)
        template = templates.parse_template(body)
        _check_template(template, service_managed=service_managed)
        given = tuple(params.get("Capabilities") or (old.capabilities if old else ()))
        templates.check_capabilities(template, given)
        values = _parameters(
            template, old if self._keeps or "Parameters" in params else None, params
        )
        templates.check_parameters(template, values)
        tags = _tags(old, params)
        if old is not None and (old.template_body, old.parameters, old.tags) == (
            body,
            values,
            tags,
        ):
            return replace(old, capabilities=given)
        version = old.version + 1 if old is not None else 1
        return Definition(
            version=version, template_body=body, parameters=values, capabilities=given, tags=tags
        )

    def _body(self, old: Definition | None, params: Mapping[str, Any]) -> str:
        if params.get("UsePreviousTemplate") and old is not None:
            return old.template_body
        body, url = params.get("TemplateBody"), params.get("TemplateURL")
        if bool(body) == bool(url):
            raise validation("Either Template URL or Template Body must be specified.")
        if url:
            return self._read_url(url)
        assert body is not None  # noqa: S101
        if len(body.encode()) > templates.MAX_INLINE_BYTES:
            limit = templates.MAX_INLINE_BYTES
            raise validation(f"TemplateBody must have length less than or equal to {limit}")
        return str(body)


def _check_template(template: Mapping[str, Any], *, service_managed: bool) -> None:
    if service_managed and templates.transforms(template):
        raise validation(
            "StackSets with SERVICE_MANAGED permission model do not support transforms"
        )
    nested = any(
        each["Type"] == "AWS::CloudFormation::Stack" for each in template["Resources"].values()
    )
    if service_managed and nested:
        raise validation(
            "StackSets with SERVICE_MANAGED permission model do not support nested stacks"
        )


def _parameters(
    template: Mapping[str, Any], old: Definition | None, params: Mapping[str, Any]
) -> dict[str, str]:
    previous = old.parameters if old is not None else {}
    if "Parameters" not in params:
        declared = template.get("Parameters") or {}
        return {key: value for key, value in previous.items() if key in declared}
    values = {}
    for each in params["Parameters"]:
        key = each["ParameterKey"]
        if not each.get("UsePreviousValue"):
            values[key] = each.get("ParameterValue", "")
        elif key in previous:
            values[key] = previous[key]
        elif key not in (template.get("Parameters") or {}):
            raise validation(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue"
            )
    return values


def _tags(old: Definition | None, params: Mapping[str, Any]) -> dict[str, str]:
    if "Tags" not in params:
        return dict(old.tags) if old is not None else {}
    if len(params["Tags"]) > MAX_TAGS:
        raise validation(f"At most {MAX_TAGS} tags can be specified")
    return {tag["Key"]: tag["Value"] for tag in params["Tags"]}
