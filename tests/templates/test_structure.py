"""Checks 1 to 7 and 35: what holds for every template, wherever it goes."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.templates.support.linting import REGIONS, findings, types_in
from tests.templates.support.reading import Templates, strings
from tests.templates.support.resolving import (
    LOG_ARCHIVE,
    MEMBER,
    Place,
    Stack,
    partition_of,
    resolve,
)

REMEDIATION = "AWS::Config::RemediationConfiguration"
WITHOUT_REMEDIATION = {"ap-east-2", "ap-southeast-6", "ap-southeast-7", "mx-central-1"}
PREFIXES = st.from_regex(r"[a-z][a-z0-9-]{1,18}[a-z0-9]", fullmatch=True)
LONGEST_PREFIX = "a" * 20


def excluded_regions(templates: Templates, name: str) -> set[str]:
    """Return the Regions that a template says it cannot go to."""
    about = templates.document(name)["Metadata"]["orgrollout"]
    gaps = about.get("regions", {}).get("exclude", [])
    assert all(gap["reason"] for gap in gaps)
    return {region for gap in gaps for region in gap["regions"]}


def test_check_01_each_template_fits_and_is_plain(templates: Templates) -> None:
    """Service-managed stack sets run no transforms and no nested stacks."""
    for name, text in templates.texts.items():
        template = templates.document(name)
        assert len(text.encode()) <= 51_200, name
        assert "Transform" not in template, name
        kinds = {each["Type"] for each in template["Resources"].values()}
        assert not kinds & {"AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro"}, name
        assert not any("Export" in output for output in template["Outputs"].values()), name
        assert not {"Fn::Transform", "Fn::ImportValue"} & set(strings(template)), name


def test_check_02_cfn_lint_finds_nothing_in_a_sample(templates: Templates) -> None:
    """Informational rules included."""
    for name, text in list(templates.texts.items())[::4]:
        assert findings(text, ["us-east-1"]) == [], name


@pytest.mark.slow
def test_check_02_cfn_lint_finds_nothing_in_two_partitions(templates: Templates) -> None:
    """Informational rules included."""
    for name, text in templates.texts.items():
        regions = {"us-east-1", "cn-north-1"} - excluded_regions(templates, name)
        assert findings(text, sorted(regions)) == [], name


@pytest.mark.slow
def test_check_02_cfn_lint_finds_nothing_in_any_region(templates: Templates) -> None:
    """Informational rules included."""
    for name, text in templates.texts.items():
        regions = sorted(set(REGIONS) - excluded_regions(templates, name))
        assert findings(text, regions) == [], name


def test_check_02_the_excluded_regions_are_those_of_the_schema(templates: Templates) -> None:
    """The gap is data; the day that AWS closes it, this test says so."""
    for name in templates.texts:
        kinds = {each["Type"] for each in templates.document(name)["Resources"].values()}
        kinds = {kind for kind in kinds if kind.startswith("AWS::")}
        lacking = {region for region in REGIONS if not kinds <= types_in(region)}
        assert excluded_regions(templates, name) == lacking, name
    assert excluded_regions(templates, "flowlogs-remediation") == WITHOUT_REMEDIATION


def test_check_03_no_partition_is_written_down(templates: Templates) -> None:
    """China, GovCloud and the sovereign partitions take the same text."""
    for name, template in templates.documents().items():
        assert not [text for text in strings(template["Resources"]) if "arn:aws:" in text], name
        for region in ("us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"):
            stack = resolve(template, Place(region=region))
            arns = [t for t in strings([stack.resources, stack.outputs]) if t.startswith("arn:")]
            wrong = [arn for arn in arns if not arn.startswith(f"arn:{partition_of(region)}:")]
            assert not wrong, name


def test_check_04_names_fit_with_the_longest_prefix_and_region(templates: Templates) -> None:
    limits = {"BucketName": 63, "RoleName": 64, "FunctionName": 64, "ConfigRuleName": 64}
    region = max(REGIONS, key=len)
    seen = set()
    for stack in every_stack(templates, LONGEST_PREFIX, Place(region=region)):
        for resource in stack.resources.values():
            if resource["Type"].startswith("Custom::"):
                continue
            for key in limits.keys() & resource["Properties"].keys():
                seen.add(key)
                name = resource["Properties"][key]
                assert LONGEST_PREFIX in name
                assert len(name) <= limits[key], name
    assert seen == set(limits)


def every_stack(templates: Templates, prefix: str, place: Place) -> list[Stack]:
    """Return all stacks, with every role that may exist."""
    more = {
        "account-roles": [
            {"Destination": "cloud-watch-logs", "AdministratorAccountId": LOG_ARCHIVE},
            {"RecorderRole": "customer-managed"},
        ]
    }
    return [
        resolve(template, place, NamePrefix=prefix, HomeRegion=place.region, **each)
        for name, template in templates.documents().items()
        for each in more.get(name, [{}])
    ]


def assert_names_agree(templates: Templates, prefix: str) -> None:
    """Compare each derived name with the one that its template really gives."""
    place, home = Place(MEMBER, "eu-west-1"), Place(LOG_ARCHIVE, "us-east-1")
    common = {"NamePrefix": prefix, "HomeRegion": "us-east-1"}
    central = {**common, "LogArchiveAccountId": LOG_ARCHIVE}
    document = templates.document
    roles = resolve(
        document("account-roles"),
        place,
        **common,
        Destination="cloud-watch-logs",
        RecorderRole="customer-managed",
    )
    buckets = resolve(document("log-buckets"), home, **common)
    config = resolve(document("config-regional"), place, **central, RecorderRole="customer-managed")
    flow = resolve(document("flowlogs-remediation"), place, **central)
    runbook = flow.only("AWS::SSM::Document")["Content"]["parameters"]
    remediation = flow.only(REMEDIATION)
    recorder = config.only("AWS::Config::ConfigurationRecorder")
    channel = config.only("AWS::Config::DeliveryChannel")

    given_role = remediation["Parameters"]["AutomationAssumeRole"]["StaticValue"]["Values"]
    assert given_role == [roles.outputs["RemediationRoleArn"]]
    assert runbook["DeliveryRoleArn"]["default"] == roles.outputs["DeliveryRoleArn"]
    assert recorder["RoleARN"] == roles.outputs["ConfigRecorderRoleArn"]
    assert runbook["BucketArn"]["default"] == buckets.outputs["FlowLogBucketArn"]
    assert channel["S3BucketName"] == buckets.outputs["ConfigBucketName"]
    assert config.outputs["DeliveryBucketName"] == buckets.outputs["ConfigBucketName"]
    assert remediation["ConfigRuleName"] == config.outputs["FlowLogRuleName"]
    assert_contract(prefix, [*roles.of_type("AWS::IAM::Role")], buckets, config)


def assert_contract(
    prefix: str, roles: list[dict[str, str]], buckets: Stack, config: Stack
) -> None:
    """Check the names that manifests and other accounts rely on."""
    names = {role["RoleName"] for role in roles}
    wanted = {"flowlogs-remediation", "flowlogs-delivery", "config-recorder"}
    assert {f"{prefix}-{each}" for each in wanted} <= names
    assert {each["BucketName"] for each in buckets.of_type("AWS::S3::Bucket")} == {
        f"{prefix}-flowlogs-{LOG_ARCHIVE}-us-east-1-an",
        f"{prefix}-config-{LOG_ARCHIVE}-us-east-1-an",
    }
    assert config.outputs["FlowLogRuleName"] == f"{prefix}-vpc-flow-logs-enabled"


def test_check_05_names_agree_across_templates(templates: Templates) -> None:
    """No export ties the stacks together, only the names do."""

    @settings(max_examples=25, deadline=None)
    @given(prefix=PREFIXES)
    def agree(prefix: str) -> None:
        assert_names_agree(templates, prefix)

    agree()


def test_check_05_own_account_buckets_agree_too(templates: Templates) -> None:
    """Without a log archive each account has its own, in the home Region."""
    buckets = resolve(templates.document("log-buckets"), Place(MEMBER, "us-east-1"))
    elsewhere = Place(MEMBER, "ap-northeast-1")
    config = resolve(templates.document("config-regional"), elsewhere)
    flow = resolve(templates.document("flowlogs-remediation"), elsewhere)
    runbook = flow.only("AWS::SSM::Document")["Content"]["parameters"]
    assert config.outputs["DeliveryBucketName"] == buckets.outputs["ConfigBucketName"]
    assert runbook["BucketArn"]["default"] == buckets.outputs["FlowLogBucketArn"]


def test_check_06_only_some_templates_hold_iam(templates: Templates) -> None:
    """Regional stack sets then need no capability, and no role is made twice."""
    with_iam = {
        name
        for name, template in templates.documents().items()
        if any(each["Type"].startswith("AWS::IAM::") for each in template["Resources"].values())
    }
    assert with_iam == {"account-roles", "org-aggregator", "resync-role", "tamper-role"}
    for name, template in templates.documents().items():
        about = template["Metadata"]["orgrollout"]
        needed = ["CAPABILITY_NAMED_IAM"] if name in with_iam else []
        assert about.get("capabilities", []) == needed, name
        assert about.get("once_per_account", False) or name not in with_iam, name


def test_check_07_remediation_is_only_where_its_regions_are_told(templates: Templates) -> None:
    """A condition does not rescue a stack set from a type that a Region lacks."""
    for name, template in templates.documents().items():
        kinds = {each["Type"] for each in template["Resources"].values()}
        assert (REMEDIATION in kinds) == (name == "flowlogs-remediation")
        assert (REMEDIATION in kinds) == bool(excluded_regions(templates, name))


def test_check_35_no_scalar_becomes_a_date(templates: Templates) -> None:
    """An unquoted policy version is a date to most YAML parsers."""
    for name, text in templates.texts.items():
        unquoted = re.findall(r"Version: *\d{4}-\d\d-\d\d", text)
        assert not unquoted, name
        dates = [t for t in _plain_scalars(text) if re.fullmatch(r"\d{4}-\d\d-\d\d.*", t)]
        assert not dates, name


def _plain_scalars(text: str) -> list[str]:
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    return [e.value for e in events if isinstance(e, yaml.ScalarEvent) and e.implicit[0]]
