"""Which APIs a record may name. A record comes from others, so all else in it is refused."""

from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import BotoCoreError

from orgrollout.sandbox.replay.damage import damaged
from orgrollout.sandbox.replay.record import Exchange

# Those that the program calls.
SERVICES = frozenset(
    {
        *("account", "cloudformation", "cloudtrail", "cloudwatch", "config", "ec2", "events"),
        *("iam", "organizations", "s3", "secretsmanager", "sns", "ssm", "stepfunctions", "sts"),
    }
)
_OF_SNS = frozenset({"Publish"})  # moto sends to the subscribers that other operations would make


def refuse_unknown(exchanges: Iterable[Exchange], client_of: Callable[[Exchange], Any]) -> None:
    """Refuse a record that names another API than AWS has, before anything is sent.

    Raises:
        SandboxError: A request names one.
    """
    for each in exchanges:
        asked = each.request
        if asked.service not in SERVICES:
            raise damaged(asked.number, f"orgrollout does not call a service {asked.service!r}")
        try:
            known = client_of(each).meta.service_model.operation_names
        except (BotoCoreError, ValueError) as error:
            raise damaged(asked.number, f"no client can be made: {error}") from error
        if asked.operation not in (_OF_SNS if asked.service == "sns" else known):
            raise damaged(
                asked.number, f"orgrollout does not call {asked.service}:{asked.operation}"
            )


def call(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Send a request by the operation's name in the service's model.

    Methods of a client are more than its operations: those of S3 read and write local files.
    """
    answered: dict[str, Any] = client._make_api_call(operation, parameters)  # noqa: SLF001
    return answered
