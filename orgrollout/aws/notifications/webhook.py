"""Posts notices to webhooks of Slack and of Microsoft Teams, and of what takes their forms.

The URL of a webhook is a secret: who has it can post. So no error holds it, and no error of the
HTTP library is quoted, since that quotes the URL. For the same reason it is not urllib3 that
posts: that writes each path to its log.
"""

import json
import os
import ssl
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from orgrollout.aws.transport.clock import READ_TIMEOUT
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import WebhookError
from orgrollout.model.ids import Region
from orgrollout.model.notice import ENVIRONMENT, Destination, Notice, Way

_HERE = ("127.0.0.1", "localhost", "::1")
_MOST = 3_000  # characters of a text: more than a person reads in a chat


def post(connection: Connection, webhook: Destination, notice: Notice) -> None:
    """Post a notice once, and follow no redirect. A proxy of the environment is used.

    Raises:
        WebhookError: Its URL is not known or cannot be one, or the webhook did not take the notice.
        AwsError: The secret with its URL cannot be read.
    """
    body = json.dumps(_message(webhook.way, notice)).encode()
    request = Request(  # noqa: S310 - its scheme is checked
        _url(connection, webhook), data=body, headers={"Content-Type": "application/json"}
    )
    certificates = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    opener = build_opener(_NoRedirect(), HTTPSHandler(context=certificates))
    try:
        opener.open(request, timeout=READ_TIMEOUT.total_seconds()).close()
    except HTTPError as error:
        error.close()
        raise WebhookError("notify", f"The webhook answered {error.code}.") from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        said = f"No response came ({type(reason).__name__})."
        raise WebhookError("notify", said) from None


class _NoRedirect(HTTPRedirectHandler):
    """Takes a redirect for an error: what it names may be anywhere."""

    def redirect_request(self, *_: object) -> None:
        """Return no request to go on with."""


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
        return {"text": _plain(shown), "mrkdwn": False}
    # Runs of text, because a TextBlock would read names as Markdown, with links.
    lines = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]}
        for line in shown.splitlines()
        if line.strip()
    ]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": lines}
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _plain(text: str) -> str:
    """Return the text so that nothing in it mentions a person or hides a link in Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
