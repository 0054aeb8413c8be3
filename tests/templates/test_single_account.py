"""Checks 80 to 84: the baseline as one template for one account, made from those that ship."""

from typing import Any

import pytest

from orgrollout.bootstrap.single_account import PARTS, Form
from tests.templates.support.linting import REGIONS, findings
from tests.templates.support.reading import SINGLE, Templates, strings
from tests.templates.support.resolving import MEMBER, Place, Stack, partition_of, resolve

RECORDER, CHANNEL = "AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel"
REMEDIATION = "AWS::Config::RemediationConfiguration"
BUCKET, POLICY, KEY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key"
DESTINATIONS = {Form.BUCKET: "s3", Form.LOG_GROUP: "cloud-watch-logs"}
CHOICES: tuple[dict[str, str], ...] = (
    {},
    {"NamePrefix": "a" * 20, "TrafficType": "REJECT", "MaxAggregationInterval": "60"},
    {"RecordingScope": "network", "RecordingFrequency": "DAILY", "Remediation": "manual"},
    {"Remediation": "runbook-only", "TransitionDays": "30", "RetentionDays": "731"},
    {"LogFormat": "${srcaddr} ${dstaddr}"},
)
CHOICES_OF_FORM: dict[Form, tuple[dict[str, str], ...]] = {
    Form.BUCKET: (
        {"ObjectLock": "governance", "ObjectLockDays": "30"},
        {"ObjectLock": "compliance", "Recorder": "create"},
    ),
    Form.LOG_GROUP: (),
}
# A boundary holds the role that repairs, and here is none.
BOUNDARIES = {"Boundary", "DeliveryBoundary"}


def single(templates: Templates, form: Form, place: Place | None = None, **given: str) -> Stack:
    return resolve(templates.document(f"{SINGLE}{form}"), place or Place(), **given)


def of_the_parts(templates: Templates, form: Form, place: Place, **given: str) -> dict[str, Any]:
    """Return what the templates that ship would deploy into one account."""
    known = {"HomeRegion": place.region, "Destination": DESTINATIONS[form], **given}
    made: dict[str, Any] = {}
    for name in PARTS:
        template = templates.document(name)
        taken = {key: value for key, value in known.items() if key in template["Parameters"]}
        made |= resolve(template, place, **taken).resources
    if form is Form.LOG_GROUP:
        made = {
            n: each for n, each in made.items() if n not in ("FlowLogBucket", "FlowLogBucketPolicy")
        }
    return {name: plain(each) for name, each in made.items() if name not in BOUNDARIES}


def plain(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without what says when and in which order it is made."""
    left_out = {"Condition", "DependsOn"}
    made = {key: each for key, each in resource.items() if key not in left_out}
    properties = made["Properties"]
    made["Properties"] = {k: v for k, v in properties.items() if k != "PermissionsBoundary"}
    return made


def test_check_80_it_fits_and_is_plain(templates: Templates) -> None:
    """It is sent in a request, needs no other stack, and goes to every partition."""
    for form in Form:
        name = f"{SINGLE}{form}"
        template = templates.document(name)
        assert len(templates.text(name).encode()) <= 51_200
        assert not {"Transform", "Mappings", "Metadata"} & set(template)
        assert not {"Fn::Transform", "Fn::ImportValue", "Fn::GetStackOutput"} & set(
            strings(template)
        )
        assert not any("Export" in each for each in template["Outputs"].values())
        assert not [text for text in strings(template["Resources"]) if "arn:aws:" in text]
        assert all("Default" in each for each in template["Parameters"].values())
        for region in ("us-east-1", "cn-north-1", "us-gov-west-1"):
            stack = single(templates, form, Place(region=region))
            arns = [t for t in strings([stack.resources, stack.outputs]) if t.startswith("arn:")]
            assert all(arn.startswith(f"arn:{partition_of(region)}:") for arn in arns)


def test_check_80_cfn_lint_finds_nothing_in_two_partitions(templates: Templates) -> None:
    """Informational rules included."""
    for text in templates.single_accounts().values():
        assert findings(text, ["us-east-1", "cn-north-1"]) == []


@pytest.mark.slow
def test_check_80_cfn_lint_finds_nothing_in_any_region(templates: Templates) -> None:
    """Where the remediation is; its gaps are told in the first lines."""
    about = templates.document("flowlogs-remediation")["Metadata"]["orgrollout"]
    gaps = {region for gap in about["regions"]["exclude"] for region in gap["regions"]}
    for text in templates.single_accounts().values():
        assert findings(text, sorted(set(REGIONS) - gaps)) == []
        head = text.split("AWSTemplateFormatVersion")[0]
        assert all(region in head for region in gaps)


def test_check_81_it_deploys_what_the_templates_deploy(templates: Templates) -> None:
    """Resource by resource, for each choice: what holds for those holds for it."""
    for form in Form:
        parameters = templates.document(f"{SINGLE}{form}")["Parameters"]
        for place in (Place(), Place(MEMBER, "eu-west-1"), Place(MEMBER, "cn-north-1")):
            for choice in (*CHOICES, *CHOICES_OF_FORM[form]):
                given = {key: value for key, value in choice.items() if key in parameters}
                assert given == choice
                made = single(templates, form, place, **given).resources
                wanted = of_the_parts(templates, form, place, **given)
                assert {name: plain(each) for name, each in made.items()} == wanted


def test_check_81_the_parameters_are_those_of_the_templates(templates: Templates) -> None:
    """Their defaults and what they allow; only what is said of them differs."""
    declared = {}
    for name in PARTS:
        for key, each in templates.document(name)["Parameters"].items():
            declared[key] = {**each, "Description": ""}
    for form in Form:
        for key, each in templates.document(f"{SINGLE}{form}")["Parameters"].items():
            assert {**each, "Description": ""} == declared[key]
            assert each["Description"]


def test_check_81_flow_logs_are_locked_where_that_is_chosen(templates: Templates) -> None:
    """By default nothing is locked: a lock cannot be taken off a bucket again."""

    def lock(**given: str) -> dict[str, Any]:
        bucket = single(templates, Form.BUCKET, None, **given).resources["FlowLogBucket"][
            "Properties"
        ]
        return {key: each for key, each in bucket.items() if key.startswith("ObjectLock")}

    assert lock() == {}
    for chosen, mode in (("governance", "GOVERNANCE"), ("compliance", "COMPLIANCE")):
        assert lock(ObjectLock=chosen, ObjectLockDays="30") == {
            "ObjectLockEnabled": True,
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": "30"}},
            },
        }
    parameters = templates.document(f"{SINGLE}{Form.LOG_GROUP}")["Parameters"]
    assert not [name for name in parameters if name.startswith("ObjectLock")]


def test_check_82_each_waits_for_what_it_needs(templates: Templates) -> None:
    """The stacks were made one after the other; now CloudFormation has to know."""
    for form, last in [(Form.BUCKET, "FlowLogBucketPolicy"), (Form.LOG_GROUP, "DeliveryRole")]:
        depends = single(templates, form).depends
        assert depends["DeliveryChannel"] == depends["ConfigurationRecorder"] | {"ConfigBucket"}
        assert {"LinkedRoleEnsured", "ConfigBucketPolicy"} <= depends["ConfigurationRecorder"]
        assert depends["FlowLogRule"] == {"ConfigurationRecorder", "DeliveryChannel"}
        wanted = {"Runbook", "FlowLogRule", "RemediationRole", last}
        assert depends["FlowLogRemediation"] == wanted


def test_check_82_nothing_but_rule_and_repair_can_fail_once_the_channel_has_written(
    templates: Templates,
) -> None:
    """AWS Config writes an object into its bucket, which a failed creation then cannot delete."""
    for form in Form:
        depends = single(templates, form).depends
        before, queue = {"DeliveryChannel", "ConfigurationRecorder"}, ["DeliveryChannel"]
        while queue:
            more = (depends[queue.pop()] & set(depends)) - before
            before |= more
            queue += more
        assert set(depends) - before == {"FlowLogRule", "FlowLogRemediation"}


def test_check_83_an_existing_recorder_is_left_alone(templates: Templates) -> None:
    """Neither bucket nor role of AWS Config is made then, and the rule does not refer to them."""
    for form in Form:
        stack = single(templates, form, Recorder="existing")
        kinds = [each["Type"] for each in stack.resources.values()]
        assert not {RECORDER, CHANNEL, "AWS::Lambda::Function"} & set(kinds)
        assert kinds.count(BUCKET) == kinds.count(POLICY) == (1 if form is Form.BUCKET else 0)
        assert kinds.count(KEY) == (1 if form is Form.BUCKET else 0)
        assert stack.depends["FlowLogRule"] == set()
        assert set(stack.outputs) == {"FlowLogDestination", "FlowLogRuleName", "RunbookName"}
        made = single(templates, form).resources
        assert {n: plain(e) for n, e in stack.resources.items() if n != "FlowLogRule"} == {
            n: plain(e) for n, e in made.items() if n in stack.resources and n != "FlowLogRule"
        }


def test_check_84_names_may_be_left_to_cloudformation(templates: Templates) -> None:
    """Where there is no namespace of the account: the references still meet."""
    for namespace in ("account-regional", "generated"):
        for form in Form:
            stack = single(templates, form, BucketNamespace=namespace)
            names = [each.get("BucketName") for each in stack.of_type(BUCKET)]
            assert all(names) is (namespace == "account-regional")
            channel = stack.only(CHANNEL)["S3BucketName"]
            assert channel == stack.outputs["DeliveryBucketName"]
            content = stack.only("AWS::SSM::Document")["Content"]["parameters"]
            destination = stack.outputs["FlowLogDestination"]
            if form is Form.BUCKET:
                assert content["BucketArn"]["default"] == destination
                assert f"{destination}/*" in str(stack.resources["FlowLogBucketPolicy"])
            else:
                assert content["LogGroupPrefix"]["default"] == destination
