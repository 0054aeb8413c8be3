"""Checks 70 to 72: the table reads exactly what flow logs deliver; results are kept well."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from tests.templates.support.athena import folders
from tests.templates.support.policies import Request, allows
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import LOG_ARCHIVE, MEMBER, Place, Stack, resolve

ARCHIVE = Place(LOG_ARCHIVE, "us-east-1")
SAME = ("FileFormat", "HivePartitions", "HourlyPartitions", "FlowLogFolder", "LogFormat")
# The types of parquet files (VPC guide, "Available fields"); all others are strings.
INTEGERS = {"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path"}
LONGS = {"packets", "bytes", "start", "end"}
SERDE = "org.apache.hadoop.hive.{}"
VERSION_2 = [
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"),
    *("protocol", "packets", "bytes", "start", "end", "action", "log-status"),
]
OWN = ["vpc-id", "end", "srcaddr", "dstport", "action"]


def athena_of(templates: Templates, **given: str) -> Stack:
    return resolve(templates.document("flowlogs-athena"), ARCHIVE, **given)


def table_of(templates: Templates, **given: str) -> dict[str, Any]:
    stack = athena_of(templates, **given)
    table: dict[str, Any] = stack.only("AWS::Glue::Table")["TableInput"]
    return table


def fields(names: list[str]) -> str:
    return " ".join("${" + name + "}" for name in names)


def every_field(templates: Templates) -> list[str]:
    """Return all fields that a flow log can have: the default format, and the others."""
    parameters = templates.document("flowlogs-remediation")["Parameters"]
    others = parameters["MoreFields"]["AllowedPattern"].split("(")[1].split(")")[0].split("|")
    default = [each.strip("${}") for each in parameters["LogFormat"]["Default"].split()]
    assert (len(default), len(others)) == (27, 15)
    return [*default, *others]


def delivered(templates: Templates, **given: str) -> dict[str, Any]:
    """Return the request with which the runbook makes a flow log, with these parameters."""
    stack = resolve(templates.document("flowlogs-remediation"), Place(MEMBER), **given)
    content = stack.only("AWS::SSM::Document")["Content"]
    inputs = content["mainSteps"][0]["inputs"]
    defaults = {name: each.get("default", "") for name, each in content["parameters"].items()}
    payload = {
        name: defaults.get(text.strip("{} "), "vpc-1")
        for name, text in inputs["InputPayload"].items()
    }
    script: dict[str, Any] = {}
    exec(inputs["Script"], script)  # noqa: S102 - the runbook's own
    request: dict[str, Any] = script["request_for"](payload)
    return request


FORMATS: list[dict[str, str]] = [
    {},
    {"MoreFields": "reject-reason,ecs-task-id"},
    {"LogFormat": fields(VERSION_2)},
    {"LogFormat": fields(OWN), "MoreFields": "encryption-status"},
    {"LogFormat": "${srcaddr}"},
]


def test_check_70_columns_of_text_are_the_fields_of_the_format_in_their_order(
    templates: Templates,
) -> None:
    """A column too few or in another place, and each value stands under a wrong name."""
    for given in FORMATS:
        log = delivered(templates, FileFormat="plain-text", **given)
        table = table_of(templates, FileFormat="plain-text", **given)
        columns = table["StorageDescriptor"]["Columns"]
        wanted = [each.strip("${}").replace("-", "_") for each in log["LogFormat"].split()]
        assert [each["Name"] for each in columns] == wanted
        # A dash stands for what is not known, so that no column is a number.
        assert {each["Type"] for each in columns} == {"string"}
        serde = table["StorageDescriptor"]["SerdeInfo"]
        assert serde["SerializationLibrary"] == SERDE.format("serde2.lazy.LazySimpleSerDe")
        assert serde["Parameters"]["field.delim"] == " "
        assert table["Parameters"]["skip.header.line.count"] == "1"


def test_check_70_no_format_has_more_fields_than_columns(templates: Templates) -> None:
    """All at once, in the reverse order."""
    names = every_field(templates)
    by_name = ",".join(names[27:])
    table = table_of(
        templates,
        FileFormat="plain-text",
        LogFormat=fields(names[26::-1]),
        MoreFields=by_name,
    )
    wanted = [each.replace("-", "_") for each in [*names[26::-1], *names[27:]]]
    assert [each["Name"] for each in table["StorageDescriptor"]["Columns"]] == wanted


def test_check_70_parquet_has_every_field_by_its_name_and_type(templates: Templates) -> None:
    """Athena finds columns of parquet by name; a wrong type fails each query that reads it."""
    for given in FORMATS:
        storage = table_of(templates, **given)["StorageDescriptor"]
        assert storage["SerdeInfo"]["SerializationLibrary"] == SERDE.format(
            "ql.io.parquet.serde.ParquetHiveSerDe"
        )
        # A parameter of the SerDe could make it read by position.
        assert "Parameters" not in storage["SerdeInfo"]
        types = {each["Name"]: each["Type"] for each in storage["Columns"]}
        assert len(types) == len(storage["Columns"])
        unsure = {"encryption_status"}  # docs/archive.md
        wanted = {
            name.replace("-", "_"): "int"
            if name in INTEGERS
            else "bigint"
            if name in LONGS
            else "string"
            for name in every_field(templates)
        }
        assert types.keys() == wanted.keys()
        assert {k: v for k, v in types.items() if k not in unsure} == {
            k: v for k, v in wanted.items() if k not in unsure
        }


def test_check_70_what_both_templates_ask_for_has_the_same_default(templates: Templates) -> None:
    table, flow = (
        templates.document(name)["Parameters"]
        for name in ("flowlogs-athena", "flowlogs-remediation")
    )
    for name in (*SAME, "MoreFields", "FlowLogBucketArn"):
        assert table[name]["Default"] == flow[name]["Default"], name
        assert table[name].get("AllowedValues") == flow[name].get("AllowedValues"), name
    for name in SAME:
        assert table[name].get("AllowedPattern") == flow[name].get("AllowedPattern"), name


def written_to(log: dict[str, Any], account: str, region: str, at: datetime) -> str:
    """Return the folder that a flow log delivers to (VPC guide, "Flow log files").

    https://github.com/awsdocs/amazon-vpc-user-guide/blob/06e98d972c597b2d5a9064ac4925559c0bd12745/doc_source/flow-logs-s3.md
    """
    options = log["DestinationOptions"]
    start = "s3://" + log["LogDestination"].split(":::")[1].rstrip("/") + "/AWSLogs"
    day = [f"{at:%Y}", f"{at:%m}", f"{at:%d}"]
    if options["HiveCompatiblePartitions"]:
        parts = [f"aws-account-id={account}", "aws-service=vpcflowlogs", f"aws-region={region}"]
        parts += [f"{name}={v}" for name, v in zip(("year", "month", "day"), day, strict=True)]
        hour = f"hour={at:%H}"
    else:
        parts, hour = [account, "vpcflowlogs", region, *day], f"{at:%H}"
    parts += [hour] if options["PerHourPartition"] else []
    return "/".join([start, *parts, ""])


def read_from(templates: Templates, given: dict[str, str], at: datetime) -> set[str]:
    """Return the folders that Athena reads for an account, a Region and a time."""
    table = table_of(templates, LogRegions="us-east-1,eu-west-1", **given)
    when = {name: str(getattr(at, name)) for name in ("year", "month", "day", "hour")}
    return set(folders(table, aws_account_id=MEMBER, aws_region="eu-west-1", **when))


PLACES: list[dict[str, str]] = [
    {},
    {"FlowLogFolder": "o-a1b2c3d4e5"},
    {"FlowLogBucketArn": "arn:aws:s3:::somewhere-else"},
    {"FlowLogBucketArn": "arn:aws:s3:::somewhere-else/team/logs", "FlowLogFolder": "of/2026"},
]


def test_check_71_athena_reads_the_folder_that_flow_logs_write_to(templates: Templates) -> None:
    """For each layout and each place; made by the runbook, and worked out as the VPC guide says."""
    at = datetime(2026, 3, 1, 7, 5, tzinfo=UTC)
    layouts = [
        {"HivePartitions": hive, "HourlyPartitions": hourly}
        for hive, hourly in product(("true", "false"), repeat=2)
    ]
    cases: list[tuple[dict[str, str], dict[str, str]]] = [(layout, {}) for layout in layouts] + [
        (layouts[0], place) for place in PLACES[1:]
    ]
    for layout, place in cases:
        given = {**layout, **place}
        # The runbook's own account has the derived bucket here; the archive's has it there.
        log = {**delivered(templates, **given)}
        log["LogDestination"] = log["LogDestination"].replace(MEMBER, LOG_ARCHIVE)
        assert read_from(templates, given, at) == {written_to(log, MEMBER, "eu-west-1", at)}
        location = table_of(templates, **given)["StorageDescriptor"]["Location"]
        assert written_to(log, MEMBER, "eu-west-1", at).startswith(location)


def test_check_71_an_account_or_region_that_is_not_asked_for_is_not_read(
    templates: Templates,
) -> None:
    """Injected: a query must name accounts. Named: it reads all of them, and no other."""
    when = {"year": "2026", "month": "3", "day": "1", "hour": "7"}
    anyone = table_of(templates)
    with pytest.raises(LookupError, match="aws_account_id"):
        list(folders(anyone, **when))
    named = table_of(templates, AccountIds=f"{MEMBER},{LOG_ARCHIVE}")
    assert len(list(folders(named, **when))) == 4
    with pytest.raises(LookupError, match="aws_region"):
        list(folders(named, aws_region="eu-west-2", **when))
    with pytest.raises(LookupError, match="aws_account_id"):
        list(folders(named, aws_account_id="999999999999", **when))
    with pytest.raises(LookupError, match="year"):
        list(folders(named, **{**when, "year": "2024"}))
    columns = {each["Name"] for each in anyone["StorageDescriptor"]["Columns"]}
    keys = {each["Name"] for each in anyone["PartitionKeys"]}
    assert not columns & keys


def test_check_72_a_person_cannot_read_without_limit_nor_write_unencrypted(
    templates: Templates,
) -> None:
    key = f"arn:aws:kms:us-east-1:{LOG_ARCHIVE}:key/1"
    for given, how in (({}, "SSE_S3"), ({"ResultKmsKeyArn": key}, "SSE_KMS")):
        stack = athena_of(templates, **given)
        settings = stack.only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
        assert settings["EnforceWorkGroupConfiguration"] is True
        assert int(settings["BytesScannedCutoffPerQuery"]) == 1024**4
        results = settings["ResultConfiguration"]
        assert results["EncryptionConfiguration"]["EncryptionOption"] == how
        assert results["ExpectedBucketOwner"] == LOG_ARCHIVE
        bucket = stack.only("AWS::S3::Bucket")
        assert results["OutputLocation"].startswith(f"s3://{bucket['BucketName']}/")
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        used = rule["ServerSideEncryptionByDefault"]
        assert used.get("KMSMasterKeyID") == results["EncryptionConfiguration"].get("KmsKey")
    with pytest.raises(ValueError, match="ScanLimitBytes"):
        athena_of(templates, ScanLimitBytes="1")


def test_check_72_results_are_kept_apart_and_expire(templates: Templates) -> None:
    """They are flow logs, too: over TLS only, not public, and not for longer than needed."""
    stack = athena_of(templates)
    bucket, policy = stack.only("AWS::S3::Bucket"), stack.only("AWS::S3::BucketPolicy")
    assert bucket["BucketName"] != f"orgrollout-flowlogs-{LOG_ARCHIVE}-us-east-1-an"
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    first, *_ = bucket["LifecycleConfiguration"]["Rules"]
    assert (first["Status"], int(first["ExpirationInDays"])) == ("Enabled", 30)
    assert first["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1
    arn = f"arn:aws:s3:::{bucket['BucketName']}/results/x.csv"
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    document = {"Statement": [everyone, *policy["PolicyDocument"]["Statement"]]}

    def may(**context: str) -> bool:
        asked = Request(principal="x", action="s3:GetObject", resource=arn, context=context)
        return allows(document, asked)

    good = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}
    assert may(**good)
    assert not may(**{**good, "aws:SecureTransport": "false"})
    assert not may(**{**good, "s3:TlsVersion": "1.1"})
    for name in ("ResultBucket", "ResultBucketPolicy"):
        made = stack.resources[name]
        assert made["DeletionPolicy"] == "RetainExceptOnCreate"
        assert made["UpdateReplacePolicy"] == "Retain"
