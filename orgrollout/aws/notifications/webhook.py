"""Posts notices to webhooks of Slack and of Microsoft Teams, and of what takes their forms.

The URL of a webhook is a secret: who has it can post. So no error holds it, and no error of the
HTTP library is quoted, since that quotes the URL.
"""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from orgrollout.aws.transport.clock import CONNECT_TIMEOUT, READ_TIMEOUT
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import WebhookError
from orgrollout.model.ids import Region
from orgrollout.model.notice import ENVIRONMENT, Destination, Notice, Way

_HERE = ("127.0.0.1", "localhost", "::1")
_MOST = 3_000  # characters of a text: more than a person reads in a chat


def post(connection: Connection, webhook: Destination, notice: Notice) -> None:
    """Post a notice once, and follow no redirect.

    Raises:
        WebhookError: Its URL is not known or cannot be one, or the webhook did not take the notice.
        AwsError: The secret with its URL cannot be read.
    """
    import urllib3  # noqa: PLC0415 - few rollouts need it

    url = _url(connection, webhook)
    body = json.dumps(_message(webhook.way, notice)).encode()
    seconds = {"connect": CONNECT_TIMEOUT.total_seconds(), "read": READ_TIMEOUT.total_seconds()}
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(**seconds), retries=False)
    try:
        response = pool.request(
            "POST", url, body=body, headers={"Content-Type": "application/json"}
        )
    except urllib3.exceptions.HTTPError as error:
        raise WebhookError("notify", f"No response came ({type(error).__name__}).") from None
    finally:
        pool.clear()
    if not 200 <= response.status < 300:  # noqa: PLR2004 - success, as HTTP says it
        raise WebhookError("notify", f"The webhook answered {response.status}.")


def _url(connection: Connection, webhook: Destination) -> str:
    """Return the URL: https, or http on this machine."""
    url = _secret(connection, webhook).strip()
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    except ValueError:
        is_safe = False
    if not is_safe or not parts.hostname:
        raise WebhookError("notify", "It holds no https URL.")
    return url


def _secret(connection: Connection, webhook: Destination) -> str:
    variable = webhook.place.removeprefix(ENVIRONMENT)
    if variable != webhook.place:
        if not os.environ.get(variable):
            raise WebhookError("notify", f"The environment variable {variable} is not set.")
        return os.environ[variable]
    near = connection.for_notices(Region(webhook.region))
    found = near.call("secretsmanager", "GetSecretValue", {"SecretId": webhook.place})
    return str(found.get("SecretString", ""))


def _message(way: Way, notice: Notice) -> Mapping[str, Any]:
    """Return the notice in the form of the webhook.

    Slack: "Sending messages using incoming webhooks". Teams: an Adaptive Card in a message, as the
    workflow "Post to a channel when a webhook request is received" takes it.
    """
    text = f"orgrollout {notice.subject}\n{notice.text}"
    shown = text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."
    if way is Way.SLACK:
        return {"text": _plain(shown)}
    block = {"type": "TextBlock", "text": shown, "wrap": True}
    card = {"type": "AdaptiveCard", "version": "1.4", "body": [block]}
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _plain(text: str) -> str:
    """Return the text so that Slack shows it as it is: no mention, no link, no markup of a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
