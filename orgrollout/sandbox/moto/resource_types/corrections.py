"""Corrections of resources that moto's CloudFormation made."""

import json
from collections.abc import Mapping
from typing import Any

from moto.cloudformation import models

from orgrollout.sandbox.moto.bucket_names import refusal
from orgrollout.sandbox.moto.intrinsics import TemplateError
from orgrollout.sandbox.moto.resource_types import is_recorded


def check_bucket_name(kind: str, properties: Mapping[str, Any]) -> None:
    """Check the name of a bucket, which moto takes as it is.

    Raises:
        TemplateError: S3 would refuse it.
    """
    name = properties.get("BucketName") if kind == "AWS::S3::Bucket" else None
    why = refusal(name) if isinstance(name, str) else None
    if why is not None:
        raise TemplateError(why)


def answer_of(resource: Any, attribute: str) -> Any:
    """Return what moto says of an attribute; None if it has none."""
    if is_recorded(resource):
        return None
    if attribute.startswith("Outputs.") and isinstance(resource, models.Stack):
        named = attribute.removeprefix("Outputs.")
        outputs = {each["OutputKey"]: each["OutputValue"] for each in resource.outputs or ()}
        return outputs.get(named)
    try:
        found = resource.get_cfn_attribute(attribute)
    except Exception:  # noqa: BLE001 - moto has many ways to say that it lacks an attribute
        return None
    return [_identifier(each) for each in found] if isinstance(found, list) else found


def _identifier(item: Any) -> Any:
    """Return the id of what moto tells in full, where CloudFormation gives ids only."""
    if not isinstance(item, dict):
        return item
    ids = [each for key, each in item.items() if key.lower().endswith("id")]
    return next(iter(ids or item.values()), "")


def named(made: Any, name: str) -> None:
    """Give a resource a physical id that moto made without one."""
    if made is not None and not hasattr(made, "physical_resource_id"):
        made.physical_resource_id = name


def tidy(kind: str, made: Any, properties: Mapping[str, Any]) -> None:
    """Correct what moto's CloudFormation gets wrong: policies, tags, contents of documents."""
    if is_recorded(made):
        return
    if kind == "AWS::SSM::Document" and isinstance(made.content, dict):
        made.content = json.dumps(made.content, default=str)
    if kind == "AWS::IAM::Role":
        made.aws_managed = tuple(properties.get("ManagedPolicyArns", ()))
        for name, policy in made.policies.items():
            made.policies[name] = (
                policy if isinstance(policy, str) else json.dumps(policy, default=str)
            )
    if kind == "AWS::SNS::Topic":
        made._tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}  # noqa: SLF001
