"""Stacks of the caller's own account."""

from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError


def describe_stack(connection: Connection, name: str) -> dict[str, Any] | None:
    """Return a stack as CloudFormation describes it; None: there is none of this name.

    Raises:
        AwsError: It could not be asked.
    """
    try:
        answer = connection.call("cloudformation", "DescribeStacks", {"StackName": name})
    except AwsError as error:
        # CloudFormation has no code of its own for it (DescribeStacks, API reference).
        if error.code == "ValidationError" and "does not exist" in error.said:
            return None
        raise
    stacks = answer["Stacks"]
    return dict(stacks[0])
