"""A rollout that ten readers watch goes on as any other, and they see all of it."""

import http.client
import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.rollout.state.state import Outcome
from tests.drivers.house import ended, house_at
from tests.drivers.test_processes import begun, must_be_sound

pytestmark = pytest.mark.slow

READERS = 10


def listen(address: str, heard: list[str]) -> None:
    """Hear all that one reader is told, until the server closes the connection."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=120)
    connection.request("GET", f"{parts.path}events")
    answer = connection.getresponse()
    while line := answer.readline():
        if line.startswith(b"event: "):
            heard.append(line.decode().strip())
    connection.close()


def document_of(address: str) -> dict[str, dict[str, int]]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request("GET", f"{parts.path}document.json")
    found: dict[str, dict[str, int]] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def address_of(watch: "subprocess.Popen[str]") -> str:
    assert watch.stdout is not None
    return watch.stdout.readline().strip().rpartition(" ")[2]


def test_ten_readers_while_the_driver_is_killed_and_another_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house_at("sqlite", tmp_path, monkeypatch) as house:
        rollout = begun(house)
        driver = house.start(rollout)
        where = ("--sandbox", house.server.endpoint, "--journal", house.journal)
        watch = house.run("orgrollout", "status", rollout, "--web", "--for", "10m", *where)
        address = address_of(watch)
        assert address.startswith("http://127.0.0.1:")
        heard: list[list[str]] = [[] for _ in range(READERS)]
        readers = [threading.Thread(target=listen, args=(address, each)) for each in heard]
        for reader in readers:
            reader.start()
        deadline = time.monotonic() + 120
        while not house.operations():
            assert time.monotonic() < deadline
            time.sleep(0.05)

        driver.send_signal(signal.SIGKILL)
        driver.wait()
        first = document_of(address)
        ended(house.start(rollout))

        for reader in readers:
            reader.join(timeout=60)
        out, err = watch.communicate(timeout=60)
        assert watch.returncode == 0, err
        assert f"{rollout}: succeeded" in out
        for each in heard:
            assert each[-1] == "event: over"
            assert each.count("event: changed") >= 2
        done = load_rollout(house.context().journal, rollout)
        assert done.state.outcome is Outcome.SUCCEEDED
        must_be_sound(house, done)
        pairs = 3 * 7 * 2
        assert sum(first["summary"].values()) == pairs
        assert first["summary"]["done"] < pairs


def test_it_stops_by_itself_when_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house_at("sqlite", tmp_path, monkeypatch) as house:
        rollout = begun(house)
        where = ("--sandbox", house.server.endpoint, "--journal", house.journal)

        watch = house.run("orgrollout", "status", rollout, "--web", "--for", "1s", *where)

        out, err = watch.communicate(timeout=90)
        assert watch.returncode == 0, err  # it was left running on purpose
        assert "the rollout is as it was" in out
        assert house.operations() == []
