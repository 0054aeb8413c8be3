"""Events as AWS sends them; the source is beside each."""

import json
from collections.abc import Mapping
from typing import Any


def uploaded(bucket: str, key: str) -> dict[str, Any]:
    """Return an event (Amazon S3 User Guide, "EventBridge event message structure")."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "999999999999",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key},
            "reason": "PutObject",
        },
    }


def operation_ended(operation: str, status: str = "SUCCEEDED") -> dict[str, Any]:
    """Return an event (CloudFormation User Guide, "StackSet Operation Status Change event")."""
    stack_set = "arn:aws:cloudformation:us-east-1:999999999999:stackset/base-topics:11111111"
    return {
        "version": "0",
        "id": "4de89905-0000-4a6b-9509-23c04bcb6a21",
        "detail-type": "CloudFormation StackSet Operation Status Change",
        "source": "aws.cloudformation",
        "account": "999999999999",
        "region": "us-east-1",
        "resources": [stack_set],
        "detail": {
            "stack-set-arn": stack_set,
            "stack-set-operation-id": operation,
            "status-details": {"status": status},
        },
    }


def account_created(account: str) -> dict[str, Any]:
    """Return an event (AWS Organizations User Guide, "Logging and monitoring": CreateAccount)."""
    return {
        "version": "0",
        "detail-type": "AWS Service Event via CloudTrail",
        "source": "aws.organizations",
        "account": "999999999999",
        "region": "us-east-1",
        "detail": {
            "eventSource": "organizations.amazonaws.com",
            "eventName": "CreateAccountResult",
            "serviceEventDetails": {
                "createAccountStatus": {"state": "SUCCEEDED", "accountId": account}
            },
        },
    }


def called(
    call: str, account: str, region: str, *, by: str = "", event: str = ""
) -> dict[str, Any]:
    """Return an event of CloudTrail as the bus of tamper-bus gets it.

    The envelope: EventBridge User Guide, "AWS service events delivered via AWS CloudTrail"; the
    detail: CloudTrail User Guide, "CloudTrail record contents".
    """
    service, _, name = call.partition(":")
    return {
        "version": "0",
        "id": "b8e9b6a2-1111-4a6b-9509-23c04bcb6a21",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": account,
        "time": "2026-01-05T08:00:00Z",
        "region": region,
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDACKCEVSQ6C2EXAMPLE",
                "arn": by or f"arn:aws:iam::{account}:user/JohnDoe",
                "accountId": account,
            },
            "eventTime": "2026-01-05T08:00:00Z",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": region,
            "requestParameters": {},
            "eventID": event or f"00000000-0000-4000-8000-{account}",
            "eventType": "AwsApiCall",
            "recipientAccountId": account,
        },
    }


def batch(*events: Mapping[str, Any]) -> dict[str, Any]:
    """Return messages of a queue (Lambda Developer Guide, "Using Lambda with Amazon SQS")."""
    return {
        "Records": [
            {
                "messageId": f"{number}",
                "body": json.dumps(event),
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:999999999999:events",
            }
            for number, event in enumerate(events)
        ]
    }
