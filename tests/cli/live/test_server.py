"""The live page: for this machine, for who knows the token, and for reading only."""

import http.client
import threading
from collections.abc import Iterator

import pytest

from orgrollout.cli.actions.reports.status_web import Drivers
from orgrollout.cli.live.board import Board
from orgrollout.cli.live.server import MOST_READERS, LiveServer, serving


@pytest.fixture
def board() -> Board:
    made = Board()
    made.show(b"<html>first</html>", b'{"first": 1}')
    return made


@pytest.fixture
def server(board: Board) -> Iterator[LiveServer]:
    with serving(board) as made:
        yield made


def ask(
    server: LiveServer, path: str, *, host: str | None = None, method: str = "GET"
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    found = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return found


def test_the_page_and_its_document_are_below_the_token(server: LiveServer) -> None:
    status, body, headers = ask(server, f"/{server.token}/")

    assert (status, body) == (200, b"<html>first</html>")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert ask(server, f"/{server.token}/document.json")[:2] == (200, b'{"first": 1}')
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/document.json", "/../", "//", "/%00/"])
def test_without_the_token_there_is_nothing(server: LiveServer, path: str) -> None:
    assert ask(server, path)[:2] == (404, b"")


def test_what_there_is_not_is_not_there(server: LiveServer) -> None:
    assert ask(server, f"/{server.token}/other")[:2] == (404, b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1"]
)
def test_a_page_of_another_origin_gets_nothing(server: LiveServer, host: str) -> None:
    """A name that is resolved to this machine does not make its pages ours (DNS rebinding)."""
    given = host.format(port=server.server_port)

    assert ask(server, f"/{server.token}/", host=given)[:2] == (403, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_only_reads(server: LiveServer, method: str) -> None:
    assert ask(server, f"/{server.token}/", method=method)[0] == 501


def test_a_reader_hears_of_each_change_and_of_the_end(server: LiveServer, board: Board) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", f"/{server.token}/events")
    answer = connection.getresponse()

    assert answer.getheader("Content-Type") == "text/event-stream"
    assert answer.readline() + answer.readline() == b"event: changed\ndata: 1\n"
    answer.readline()
    board.show(b"second", b"2")
    assert answer.readline() + answer.readline() == b"event: changed\ndata: 2\n"
    answer.readline()
    board.end("it\nended")
    assert answer.read() == b"event: over\ndata: it ended\n\n"
    server.wait_for_readers(10)
    assert server.readers == 0


def test_no_more_readers_than_there_is_room_for(server: LiveServer, board: Board) -> None:
    threads = []
    for _ in range(MOST_READERS):
        threads.append(threading.Thread(target=ask, args=(server, f"/{server.token}/events")))
        threads[-1].start()
    with server.told:
        assert server.told.wait_for(lambda: True, 1)
    while server.readers < MOST_READERS:
        ask(server, "/")

    assert ask(server, f"/{server.token}/events")[0] == 503

    board.end("over")
    for thread in threads:
        thread.join()


ALONE = "operations that run in AWS go on"


def test_a_driver_that_shows_only_during_ticks_is_not_called_gone() -> None:
    drivers = Drivers()

    assert drivers.told("", 0, ALONE) == ""
    assert drivers.told("process 7 on host", 10, ALONE) == "process 7 on host drives it."
    assert drivers.told("", 60, ALONE) == "process 7 on host drives it."
    assert "No process is seen" in drivers.told("", 71, ALONE)
    assert drivers.told("process 8 on host", 72, ALONE) == "process 8 on host drives it."


def test_where_no_driver_was_ever_seen_that_is_said_after_a_while() -> None:
    drivers = Drivers()

    assert drivers.told("", 0, ALONE) == ""
    assert f"rollout: {ALONE}. Nothing else starts" in drivers.told("", 61, ALONE)


def test_a_rollout_that_waits_for_a_person_needs_no_driver() -> None:
    drivers = Drivers()

    assert drivers.told("process 7 on host", 0, ALONE) == "process 7 on host drives it."
    assert drivers.told("", 100, "") == ""
    assert drivers.told("", 1_000, "") == ""
    assert drivers.told("", 1_030, ALONE) == ""  # approved half a minute ago
    assert "No process is seen" in drivers.told("", 1_061, ALONE)
