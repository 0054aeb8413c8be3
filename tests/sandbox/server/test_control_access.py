"""Access to the sandbox's own paths: a page in a browser has none, a local program has."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orgrollout.sandbox import SandboxError, SandboxServer, VirtualClock, serve
from orgrollout.sandbox.server.background import running, start, stop
from orgrollout.sandbox.server.client import SandboxClient
from tests.sandbox.support import ORGANIZATION
from tests.sandbox.wire import send, signed

JSON = {"content-type": "application/json"}
FAULT = b'{"fail": {"account": "w0"}}'
FAULTS, CLOCK, STOP = "/_sandbox/faults", "/_sandbox/clock", "/_sandbox/stop"
TOKEN = "X-Sandbox-Token"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One in the foreground."""
    with serve(ORGANIZATION, clock=VirtualClock()) as started:
        yield started


@pytest.fixture(scope="module")
def shared() -> Iterator[SandboxServer]:
    """One that asks for its token at every change, as in the background."""
    with serve(ORGANIZATION, clock=VirtualClock(), token="t0ken") as started:
        yield started


def test_a_local_program_needs_no_token_in_the_foreground(server: SandboxServer) -> None:
    """As `curl -X POST -H 'content-type: application/json' -d ...` sends it."""
    answer = send(server, "POST", FAULTS, JSON, FAULT)
    assert answer.status == 200
    assert send(server, "DELETE", f"{FAULTS}/{answer.json['id']}").status == 200


FROM_A_BROWSER: list[dict[str, str]] = [
    {**JSON, "origin": "https://evil.example"},
    {**JSON, "origin": "null"},
    {**JSON, "origin": "http://127.0.0.1:80"},
    {**JSON, "sec-fetch-site": "cross-site"},
    {**JSON, "sec-fetch-site": "same-origin"},
    {**JSON, "referer": "https://evil.example/page"},
    {**JSON, "host": "evil.example"},
    {**JSON, "host": "127.0.0.1.evil.example:41000"},
    {**JSON, "host": "[::"},
    {"content-type": "text/plain"},
    {"content-type": "application/x-www-form-urlencoded"},
    {"content-type": "multipart/form-data; boundary=x"},
    {},
]


@pytest.mark.parametrize("headers", FROM_A_BROWSER)
def test_what_a_page_can_send_changes_nothing(
    server: SandboxServer, headers: dict[str, str]
) -> None:
    """Cross-site requests, forms, and a name that resolves to 127.0.0.1 (DNS rebinding)."""
    before, now = server.sandbox.book.listed(), server.sandbox.clock.now()
    assert send(server, "POST", FAULTS, headers, FAULT).status in (403, 415)
    assert send(server, "POST", CLOCK, headers, b'{"advance": 60}').status in (403, 415)
    assert send(server, "POST", STOP, headers, b"{}").status in (403, 415)
    assert (server.sandbox.book.listed(), server.sandbox.clock.now()) == (before, now)
    assert send(server, "GET", CLOCK).status == 200


def test_another_host_reads_nothing_either(server: SandboxServer) -> None:
    """A GET may return credentials."""
    for path in ("environment", "calls", "clock", "faults"):
        answer = send(server, "GET", f"/_sandbox/{path}", {"host": "evil.example:80"})
        assert (answer.status, TOKEN in answer.text) == (403, True)


@pytest.mark.parametrize("headers", FROM_A_BROWSER)
def test_the_token_opens_what_is_shut(server: SandboxServer, headers: dict[str, str]) -> None:
    answer = send(server, "POST", FAULTS, {**headers, TOKEN: server.token}, FAULT)
    assert answer.status == 200
    server.sandbox.take_back(answer.json["id"])


def test_a_wrong_token_is_refused_even_where_none_is_needed(server: SandboxServer) -> None:
    assert send(server, "POST", FAULTS, {**JSON, TOKEN: "wrong"}, FAULT).status == 403


@pytest.mark.parametrize("name", ["stop", "clock", "faults", "calls", "operations", "environment"])
def test_nothing_changes_by_get(server: SandboxServer, name: str) -> None:
    before = (server.sandbox.clock.now(), server.sandbox.book.listed(), len(server.sandbox.calls))
    for body in (None, b'{"advance": 60}', FAULT):
        answer = send(server, "GET", f"/_sandbox/{name}", JSON, body)
        assert answer.status in (200, 400, 405)
    after = (server.sandbox.clock.now(), server.sandbox.book.listed(), len(server.sandbox.calls))
    assert after == before
    keys = [send(server, "GET", "/_sandbox/environment").json for _ in range(2)]
    assert keys[0] == keys[1], "reading issued credentials"
    assert send(server, "GET", STOP).headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", FAULTS, b"{", 400),
        ("POST", FAULTS, b"[]", 400),
        ("POST", FAULTS, b'{"fail": 5}', 400),
        ("POST", FAULTS, b'{"slow": {"seconds": "x"}}', 400),
        ("POST", FAULTS, b'{"slow": {"seconds": 1e300}}', 400),
        ("POST", FAULTS, b'{"gate": {}}', 400),
        ("POST", FAULTS, b'{"tamper": {"account": "w0"}}', 400),
        ("POST", CLOCK, b"{}", 400),
        ("POST", CLOCK, b'{"advance": -5}', 400),
        ("POST", CLOCK, b'{"advance": 1e300}', 400),
        ("GET", "/_sandbox/operations", None, 400),
        ("GET", "/_sandbox/operations?stack_set=none", None, 400),
        ("GET", "/_sandbox/nothing", None, 404),
        ("DELETE", FAULTS, None, 405),
        ("DELETE", f"{FAULTS}/fault-999", None, 404),
        ("PUT", CLOCK, b"{}", 405),
    ],
)
def test_what_is_wrong_with_a_control_request_is_said(
    server: SandboxServer, method: str, path: str, body: bytes | None, status: int
) -> None:
    before = server.sandbox.book.listed()
    answer = send(server, method, path, JSON, body)
    assert (answer.status, bool(answer.json["error"])) == (status, True), answer.text
    assert server.sandbox.book.listed() == before


def test_a_page_of_another_site_reaches_no_service(server: SandboxServer) -> None:
    """A form needs no header of AWS: a signature may stand in the URL, and any is accepted."""
    query = "/?Action=DeleteStackSet&X-Amz-Credential=x%2F20260105%2Fus-east-1%2Fsts%2Faws4_request"
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert send(server, "GET", query, headers).status == 403
        assert send(server, "POST", "/", {**signed("sts"), **headers}, b"").status == 403


def test_a_shared_server_takes_no_change_without_its_token(shared: SandboxServer) -> None:
    answer = send(shared, "POST", FAULTS, JSON, FAULT)
    assert (answer.status, TOKEN in answer.text) == (403, True)
    with pytest.raises(SandboxError, match="refused: X-Sandbox-Token is needed"):
        SandboxClient(shared.endpoint).add_fault({"fail": {}})
    assert shared.sandbox.book.listed() == []
    assert send(shared, "GET", CLOCK).status == 200
    client = SandboxClient(shared.endpoint, "t0ken")
    client.take_back(client.add_fault({"fail": {}}))
    assert client.faults() == []


def test_the_token_may_be_in_a_variable(
    shared: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORGROLLOUT_SANDBOX_TOKEN", "t0ken")
    client = SandboxClient(shared.endpoint)
    client.take_back(client.add_fault({"fail": {}}))


@pytest.mark.slow
def test_the_background_keeps_its_token_for_its_user(tmp_path: Path) -> None:
    state = tmp_path / "state"
    found = start(state, speed=600)
    try:
        file = state / "sandbox.json"
        known: Any = json.loads(file.read_text())
        assert (len(known["token"]) > 20, os.stat(file).st_mode & 0o077) == (True, 0)  # noqa: PTH116
        with pytest.raises(SandboxError, match="is needed"):
            SandboxClient(found.endpoint).add_fault({"fail": {}})
        again = running(state)
        assert again is not None
        again.client().add_fault({"fail": {}})
    finally:
        assert stop(state)
