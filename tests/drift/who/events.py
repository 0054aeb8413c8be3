"""Events of CloudTrail for tests, in the shapes of the user guide."""

import json
from collections.abc import Mapping
from typing import Any

ACCOUNT = "111122223333"
ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:bob",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/bob",
    "accountId": ACCOUNT,
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role",
            "arn": f"arn:aws:iam::{ACCOUNT}:role/Admin",
            "userName": "Admin",
        }
    },
}


def event(
    name: str = "SetTopicAttributes",
    *,
    identity: Mapping[str, Any] = ROLE,
    source: str = "sns.amazonaws.com",
    request: Any = None,
    at: str = "2030-05-01T10:00:00Z",
    **more: Any,
) -> str:
    """Return a ``CloudTrailEvent``."""
    return json.dumps(
        {
            "eventVersion": "1.11",
            "userIdentity": identity,
            "eventTime": at,
            "eventSource": source,
            "eventName": name,
            "awsRegion": "eu-west-1",
            "requestParameters": request,
            "responseElements": None,
            "eventID": f"{name}-{at}",
            "readOnly": False,
            **more,
        }
    )
