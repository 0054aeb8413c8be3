"""The baseline as one template for one account, made from the templates that come along.

Those say what exists. Here stands only what they leave to a manifest: the values of parameters,
which resource goes with which choice, and the order.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from orgrollout.bootstrap.partial import only_used, references, with_parameters
from orgrollout.bootstrap.template_text import template_text
from orgrollout.bootstrap.yaml_text import comment
from orgrollout.manifest.template.content import parsed


class Form(StrEnum):
    """Where flow logs go."""

    BUCKET = "bucket"
    LOG_GROUP = "log-group"


PARTS = ("log-buckets", "account-roles", "config-regional", "flowlogs-remediation")
"""The templates that it is made of."""

KEPT: Mapping[str, str] = {
    "NamePrefix": "Begins every name in the account.",
    "Recorder": "existing leaves the recorder and the channel of this Region as they are.",
    "RecordingScope": "network records VPCs and what flow logs need, and nothing else.",
    "RecordingFrequency": "DAILY records at most one change per resource and day.",
    "TrafficType": "Traffic to log.",
    "MaxAggregationInterval": "Seconds that one record may cover.",
    "LogFormat": "Fields of a record, in this order.",
    "Remediation": "manual waits for a person to start it. runbook-only makes no remediation.",
    "BucketNamespace": "generated lets CloudFormation choose the names of buckets.",
    "TransitionDays": "Days before objects move to STANDARD_IA. Fewer than RetentionDays.",
    "RetentionDays": "Days before objects expire. PCI DSS asks for twelve months.",
    "AccessLogBucketName": "Existing bucket for S3 server access logs. Empty means none.",
}
"""The parameters that the template still has, and what it says of them."""

_OUTPUTS: Mapping[str, str] = {
    "FlowLogDestination": "Bucket of the flow logs, or what their log groups begin with.",
    "DeliveryBucketName": "Bucket that AWS Config delivers to.",
    "FlowLogRuleName": "Rule that finds VPCs without flow logs.",
    "RunbookName": "Automation document that makes flow logs, also to be started by hand.",
}
_KEPT_BY_FORM = {
    Form.BUCKET: {
        "FileFormat": "Format of the files in the bucket.",
        "ObjectLock": "governance and compliance lock each new flow log for ObjectLockDays, and "
        "deny deletions in the policies of the buckets and the key. With compliance, not even the "
        "root user deletes or unlocks it. A bucket cannot be unlocked.",
        "ObjectLockDays": "Days that a flow log is locked. At most RetentionDays, after which it "
        "is hidden, locked or not.",
    },
    Form.LOG_GROUP: {"RetentionInDays": "Retention of log groups that have none."},
}
_CREATED = "CreatesRecorder"
_HERE = {"Ref": "AWS::Region"}
_OF_RECORDER = ("ConfigBucket", "ConfigBucketPolicy")
_LINKED_ROLE = ("LinkedRoleEnsured", "EnsureFunction", "EnsureFunctionLogs", "EnsureFunctionRole")
_KEY = ("ArchiveKey", "ArchiveKeyAlias")
_FLOW_LOG_BUCKET = ("FlowLogBucket", "FlowLogBucketPolicy")
# A boundary holds the role that repairs, which may rewrite roles. There is none here.
_BOUNDARIES = ("Boundary", "DeliveryBoundary")
_BEFORE_THE_CHANNEL = (
    *("LinkedRoleEnsured", "ConfigBucketPolicy", "ArchiveKeyAlias"),
    *("Runbook", "RemediationRole"),
)
_DESTINATION = {Form.BUCKET: "FlowLogBucketPolicy", Form.LOG_GROUP: "DeliveryRole"}


def single_account(bodies: Mapping[str, str], form: Form) -> dict[str, Any]:
    """Return the template that one account deploys alone. ``bodies`` are those of `PARTS`."""
    made: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "AWS Config, its VPC flow log rule and the repair, for one account and "
        f"Region, to a {form.replace('-', ' ')} (orgrollout).",
        "Parameters": {},
        "Conditions": {},
        "Resources": {},
        "Outputs": {},
    }
    for name in PARTS:
        whole = parsed(bodies[name])
        part = with_parameters(whole, _given(whole, form))
        for section in ("Parameters", "Conditions", "Resources", "Outputs"):
            _add(made[section], part[section])
    _leave_out(made, (*_BOUNDARIES, *(() if form is Form.BUCKET else _FLOW_LOG_BUCKET)))
    for each in made["Resources"].values():
        each["Properties"].pop("PermissionsBoundary", None)
    made["Outputs"] = _described(made["Outputs"], _OUTPUTS)
    key = () if form is Form.BUCKET else _KEY
    _only_with_recorder(made, (*_OF_RECORDER, *_LINKED_ROLE, *key))
    _in_order(made["Resources"], form)
    made = only_used(made)
    made["Parameters"] = _described(made["Parameters"], {**KEPT, **_KEPT_BY_FORM[form]})
    return made


def _given(template: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Return the parameters that are decided. What is not told has its own default."""
    usual = {name: _default(each) for name, each in template["Parameters"].items()}
    decided = {
        **usual,
        "HomeRegion": _HERE,
        "Destination": "s3" if form is Form.BUCKET else "cloud-watch-logs",
        "DeliveryBucketName": {"Ref": "ConfigBucket"},
        "FlowLogBucketArn": {"Fn::GetAtt": "FlowLogBucket.Arn"} if form is Form.BUCKET else "",
    }
    kept = {*KEPT, *_KEPT_BY_FORM[form]}
    return {name: each for name, each in decided.items() if name in usual and name not in kept}


def _default(declared: Mapping[str, Any]) -> Any:
    value = str(declared.get("Default", ""))
    return value.split(",") if declared["Type"] == "CommaDelimitedList" else value


def _add(made: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add what a part has. What has one name in two parts must be one thing.

    Raises:
        ValueError: It is two; what is said of it does not matter.
    """
    for name, each in more.items():
        there = made.setdefault(name, dict(each))
        if {**there, "Description": ""} != {**each, "Description": ""}:
            raise ValueError(f"two templates differ in {name}")


def _leave_out(made: dict[str, Any], names: tuple[str, ...]) -> None:
    """Drop resources, and the outputs that are about them."""
    for section in ("Resources", "Outputs"):
        made[section] = {
            name: each
            for name, each in made[section].items()
            if name not in names and (section == "Resources" or not _is_about(each, names))
        }


def _is_about(value: Any, names: tuple[str, ...]) -> bool:
    return not set(names).isdisjoint(references(value))


def _only_with_recorder(made: dict[str, Any], names: tuple[str, ...]) -> None:
    """Let resources, and outputs about them, depend on the recorder being made here."""
    about = [name for name, each in made["Outputs"].items() if _is_about(each, names)]
    for section, chosen in (("Resources", names), ("Outputs", about)):
        for name in chosen:
            each = made[section][name]
            if each.get("Condition", _CREATED) != _CREATED:
                raise ValueError(f"{name}: has a condition of its own")
            first = {"Type": each["Type"]} if "Type" in each else {}
            made[section][name] = {**first, "Condition": _CREATED, **each}


def _in_order(resources: dict[str, Any], form: Form) -> None:
    """Say what has to wait for what, since the stacks are one now.

    Recorder and channel begin together: inside AWS Config each waits for the other. They begin
    late: the channel writes into its bucket, and a failed creation cannot delete a bucket with
    an object in it.
    """
    late = [*_BEFORE_THE_CHANNEL, _DESTINATION[form]]
    waits = {
        "ConfigurationRecorder": late,
        "DeliveryChannel": late,
        "FlowLogRemediation": ["FlowLogRule", "RemediationRole", _DESTINATION[form]],
    }
    for name, before in waits.items():
        resources[name]["DependsOn"] = list(before)


def _described(declared: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    """Return what is told of, in that order, with its words."""
    return {n: {**declared[n], "Description": told[n]} for n in told if n in declared}


def single_account_text(bodies: Mapping[str, str], form: Form, version: str) -> str:
    """Return the template with a few words for its reader."""
    about = parsed(bodies["flowlogs-remediation"])["Metadata"]["orgrollout"]["regions"]["exclude"]
    gaps = ", ".join(region for each in about for region in each["regions"])
    head = comment(_HEAD.format(version=version, gaps=gaps))
    return head + template_text(single_account(bodies, form))


_HEAD = """\
Made by `orgrollout templates export --single-account`, version {version}.
What it is for: AWS Config records, a rule looks at every VPC, and a VPC without flow logs gets
  them.
Where it goes: one Region of one account, with CAPABILITY_NAMED_IAM. Its roles have fixed names, so
  that a second Region would fail. It fails where there is no AWS::Config::RemediationConfiguration:
  {gaps}.
When its creation fails: the bucket of AWS Config may stay (NamePrefix, then -config-), because AWS
  Config wrote into it. Empty and delete it, then the stack, before you try again.
When its stack is removed: flow logs, log groups, buckets and their key stay. Before the next
  deployment, import them, or choose another NamePrefix: their names are taken.\
"""
