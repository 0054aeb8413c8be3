"""The steps of a bootstrap as a script, and as a CloudFormation template. Neither is run here."""

from collections.abc import Iterable, Mapping
from typing import Any

from orgrollout.bootstrap.roles import (
    administration_permissions,
    administration_trust,
    execution_trust,
)
from orgrollout.bootstrap.steps import PREFIX, SelfManaged, Situation, State, Step, steps
from orgrollout.bootstrap.yaml_text import as_yaml, comment

_HERE = "IsAdministrator"
_HEAD = """\
#!/bin/sh
# What the organization still needs. Read it, then run what is yours to run.
set -eu
"""


def as_script(found: Iterable[Step]) -> str:
    """Return a shell script of what is needed; what may be there already is said beside it."""
    return _HEAD + "".join(_commands(step) for step in found if step.state is not State.DONE)


def as_template(found: Situation) -> str:
    """Return a template of the roles and policies; commands that have no template stand above."""
    outside = [
        step for step in steps(found) if step.state is not State.DONE and _has_no_template(step)
    ]
    head = comment(
        "Roles and policies of orgrollout. Deploy it in the administrator's account"
        + (
            ", and in each target account of\nself-managed stack sets."
            if found.self_managed
            else "."
        )
    )
    if outside:
        head += comment("\nNo template does these; they take the management account:")
        head += "".join(comment(c.removeprefix("# ")) for step in outside for c in step.commands)
    return head + as_yaml(_template(found))


def _commands(step: Step) -> str:
    doubt = "\n(it could not be seen whether it is there already)"
    text = f"{step.what}: in {step.where}{doubt if step.state is State.UNKNOWN else ''}\n{step.why}"
    return f"\n{comment(text)}" + "".join(f"{command}\n" for command in step.commands)


def _has_no_template(step: Step) -> bool:
    words = ("trusted access", "delegated administrator", "reading the organization")
    return any(word in step.what for word in words)


def _template(found: Situation) -> dict[str, Any]:
    resources = {f"{name.title()}Policy": _policy(name, d) for name, d in found.policies.items()}
    for number, roles in enumerate(found.self_managed, start=1):
        resources |= _roles(found, roles, "" if number == 1 else str(number))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Roles and policies to roll out stack sets with (orgrollout).",
        "Parameters": {
            "AdministratorAccountId": {
                "Type": "String",
                "Default": str(found.administrator),
                "AllowedPattern": "^[0-9]{12}$",
                "Description": "The account that stack sets are run from.",
            }
        },
        "Conditions": {
            _HERE: {"Fn::Equals": [{"Ref": "AWS::AccountId"}, {"Ref": "AdministratorAccountId"}]}
        },
        "Resources": resources,
    }


def _policy(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        "ManagedPolicyName": f"{PREFIX}-{name}",
        "Description": f"What the {name} of orgrollout may do.",
        "PolicyDocument": document,
    }
    return {"Type": "AWS::IAM::ManagedPolicy", "Condition": _HERE, "Properties": properties}


def _roles(found: Situation, roles: SelfManaged, suffix: str) -> dict[str, Any]:
    name, execution = roles.administration_role, roles.execution_role
    partition = "${AWS::Partition}"
    trust = administration_trust(partition, found.administrator, roles.opt_in_regions)
    arn = f"arn:{partition}:iam::${{AdministratorAccountId}}:role/{name}"
    actions = ["cloudformation:*", *roles.actions]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {
        f"AdministrationRole{suffix}": {
            "Type": "AWS::IAM::Role",
            "Condition": _HERE,
            "Properties": {
                "RoleName": name,
                "AssumeRolePolicyDocument": _substituted(trust, found),
                "Policies": [
                    _inline(_substituted(administration_permissions(partition, execution), found))
                ],
            },
        },
        f"ExecutionRole{suffix}": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": execution,
                "AssumeRolePolicyDocument": _substituted(execution_trust(arn), found),
                "Policies": [_inline({"Version": "2012-10-17", "Statement": [allowed]})],
            },
        },
    }


def _inline(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"PolicyName": PREFIX, "PolicyDocument": document}


def _substituted(value: Any, found: Situation) -> Any:
    """Return a policy with the administrator's account as the parameter, and ARNs as Fn::Sub."""
    if isinstance(value, Mapping):
        return {key: _substituted(each, found) for key, each in value.items()}
    if isinstance(value, list):
        return [_substituted(each, found) for each in value]
    if value == found.administrator:
        return {"Ref": "AdministratorAccountId"}
    if isinstance(value, str) and "${" in value:
        text = value.replace(f":{found.administrator}:", ":${AdministratorAccountId}:")
        return {"Fn::Sub": text}
    return value
