"""An SSM document contains what the template says, by hash."""

import json
from typing import Annotated

from pydantic import Field

from orgrollout.model.content import content_digest
from orgrollout.model.ids import Digest
from orgrollout.posture.definition import (
    ACCOUNT,
    Arguments,
    Call,
    KnownCheck,
    Meaning,
    Reader,
    none_if,
)
from orgrollout.posture.seen import PostureSeen, broken, ok, unknown

RESOURCE = Call(
    api="cloudformation:DescribeStackResource",
    resource=f"cloudformation:*:{ACCOUNT}:stack/StackSet-*/*",
    always=(
        "StackResourceDetail.LogicalResourceId",
        "StackResourceDetail.ResourceType",
        "StackResourceDetail.ResourceStatus",
    ),
    echoes={"StackResourceDetail.LogicalResourceId": "LogicalResourceId"},
)
CONTENT = Call(
    api="ssm:GetDocument",
    resource=f"ssm:*:{ACCOUNT}:document/*",
    always=("Name", "Content"),
    echoes={"Name": "Name"},
)


class Document(Arguments):
    """Which document."""

    resource: Annotated[str, Meaning.RESOURCE] = Field(description="its logical id")
    stack: Annotated[str, Meaning.STACK] = ""
    digest: Annotated[str, Meaning.CONTENT] = ""


def look(reader: Reader, arguments: Document) -> PostureSeen:
    """Find the document that the stack made, and judge its content."""
    if not arguments.stack:
        return unknown("its stack is not known")
    if not arguments.digest:
        return unknown(f"what the template means {arguments.resource} to hold is not known here")
    answer = reader.one(RESOURCE, StackName=arguments.stack, LogicalResourceId=arguments.resource)
    name = answer["StackResourceDetail"].get("PhysicalResourceId", "")
    found = none_if("InvalidDocument", lambda: _content(reader, name))
    return judge(found, Digest(arguments.digest), name or arguments.resource)


def judge(found: Digest | None, expected: Digest, name: str) -> PostureSeen:
    """The document exists and contains what the template says, by hash. No call repairs it."""
    if found is None:
        return broken(f"there is no document {name}", name)
    if found != expected:
        why = f"the document {name} contains something else than the template says"
        return broken(why, name)
    return ok(f"{name} is as in the template")


def _content(reader: Reader, name: str) -> Digest:
    answer = reader.one(CONTENT, Name=name, DocumentFormat="JSON")
    try:
        return content_digest(json.loads(answer.get("Content", "")))
    except json.JSONDecodeError:
        return content_digest(answer.get("Content", ""))


CHECK = KnownCheck(
    name="ssm-document",
    noun="documents",
    arguments=Document,
    reads=(RESOURCE, CONTENT),
    look=look,
    ok="its content is what the template says, by hash",
    broken="it is gone, or contains something else",
    unknown="the stack is not known; a value is known to CloudFormation alone",
    advice="drift detection does not see it either. Left to a person, or to `recreate`",
    told_by="resource",
    calls=2,
    is_recreated=True,
    broken_by=("UpdateDocument", "UpdateDocumentDefaultVersion", "DeleteDocument"),
)
