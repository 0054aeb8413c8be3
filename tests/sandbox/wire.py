"""Requests as other clients write them: raw HTTP to a server, without boto3 between."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from orgrollout.sandbox import SandboxServer

SIGNED = "AWS4-HMAC-SHA256 Credential={key}/20260105/us-east-1/{service}/aws4_request, Signature=0"


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def signed(service: str, key: str = "any") -> dict[str, str]:
    """Return headers that name a service, by their names in lower case."""
    return {"authorization": SIGNED.format(key=key, service=service)}


def send(
    server: SandboxServer,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answered:
    """Send one request; a connection that is dropped is an error of http.client."""
    where = urlsplit(server.endpoint).netloc
    connection = http.client.HTTPConnection(where, timeout=30)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Answered(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def query(server: SandboxServer, service: str, action: str, **fields: str) -> Answered:
    """Call an operation of the query protocol; ``__`` in a field's name stands for a dot."""
    form = {name.replace("__", "."): value for name, value in fields.items()}
    body = urlencode({"Action": action, "Version": "2010-05-15", **form}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return send(server, "POST", "/", {**signed(service), **kind}, body)


def raw(server: SandboxServer, content: bytes, *, end: bool = False) -> bytes:
    """Send bytes as they are and return all that comes back until the server closes.

    With ``end``, nothing more is sent after them.
    """
    where = urlsplit(server.endpoint)
    with socket.create_connection((str(where.hostname), where.port or 0), timeout=30) as made:
        made.sendall(content)
        if end:
            made.shutdown(socket.SHUT_WR)
        found = b""
        while piece := made.recv(65536):
            found += piece
        return found
