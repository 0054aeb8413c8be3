"""The state machine of the template, run by moto's interpreter of the Amazon States Language.

Its Lambda tasks call the functions over HTTP, as `lambda:invoke` does. A Wait state really waits,
so the door to the functions lets the time pass in the sandbox, and says that 0 seconds are left.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from orgrollout.service.templates import Part, service_template
from tests.service.house import AUTO, ROLE, House, manifest
from tests.templates.support.reading import parse

pytestmark = pytest.mark.slow

ACCOUNT, REGION, NAME = "999999999999", "us-east-1", "orgrollout"
DEADLINE = 120  # seconds


@dataclass
class Door:
    """Lambda's Invoke on this machine: it calls the functions of the house."""

    house: House
    port: int = 0
    called: list[str] = field(default_factory=list)
    failing: int = 0  # so many calls to come fail

    def answer(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        self.called.append(name)
        if self.failing:
            self.failing -= 1
            raise ConnectionError("planned")
        done: dict[str, Any] = getattr(self.house.functions, name)(event)
        if done.get("wait"):
            self.house.sandbox.clock.sleep(timedelta(seconds=done["wait"]))
            done = {**done, "wait": 0}
        return done


@contextmanager
def opened(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    door = Door(house)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer `/2015-03-31/functions/NAME/invocations` (Lambda API reference, Invoke)."""
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                body, headers = door.answer(self.path.split("/")[3], event), {}
            except Exception as error:  # noqa: BLE001 - as Lambda answers for a function that raised
                body = {"errorType": type(error).__name__, "errorMessage": str(error)}
                headers = {"X-Amz-Function-Error": "Unhandled"}
            text = json.dumps(body).encode()
            self.send_response(200)
            for key, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        door.port = server.server_port
        monkeypatch.setenv("MOTO_PORT", str(door.port))  # where moto's interpreter finds Lambda
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()


def definition() -> dict[str, Any]:
    """Return what the template says, with its functions by their names."""
    properties = parse(service_template(Part.SERVICE))["Resources"]["Machine"]["Properties"]
    text = json.dumps(properties["Definition"])
    for name, value in {"Partition": "aws", "Tick": "tick", "Start": "start"}.items():
        text = text.replace(f"${{{name}}}", value)
    found: dict[str, Any] = json.loads(text)
    return found


def run(machine: dict[str, Any], event: dict[str, Any]) -> Any:
    """Return an execution of a machine that has ended."""
    backend = stepfunctions_parser_backends[ACCOUNT][REGION]
    made = backend.create_state_machine(name=NAME, definition=json.dumps(machine), roleArn=ROLE)
    execution = backend.start_execution(made.arn, "base-1_1", json.dumps(event))
    deadline = time.monotonic() + DEADLINE
    while execution.exec_status == "RUNNING":
        assert time.monotonic() < deadline, "the execution does not end"
        time.sleep(0.05)
    return execution


def test_the_machine_carries_out_a_manifest_though_a_function_fails_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload(manifest(service=AUTO))
    house.functions.look({})
    with opened(house, monkeypatch) as door:
        door.failing = 1
        execution = run(definition(), house.running()["base-1_1"])

    assert execution.exec_status == "SUCCEEDED"
    assert (execution.output["over"], execution.output["said"]) == (True, "succeeded")
    assert set(door.called) == {"tick"}
    assert execution.output["ticks"] == len(door.called) - 1
    assert house.states() == {"base-1": "finished"}
    assert house.writes().count("CreateStackInstances") == 1


def test_the_machine_continues_in_a_new_execution_before_its_history_is_full(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload(manifest(service=AUTO))
    house.functions.look({})
    begun = house.running()["base-1_1"]
    with opened(house, monkeypatch) as door:
        execution = run(definition(), {**begun, "ticks": 799})

    assert (execution.exec_status, door.called) == ("SUCCEEDED", ["tick", "start"])
    assert execution.output["started"] == "base-1_2"
    assert house.running()["base-1_2"]["ticks"] == 0
    assert house.run("base-1_2")["said"] == "succeeded"


def test_a_rollout_whose_execution_failed_for_good_is_driven_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload(manifest(service=AUTO))
    house.functions.look({})
    machine = definition()
    for state in machine["States"].values():
        for retry in state.get("Retry", ()):
            retry["IntervalSeconds"] = 1
            retry["BackoffRate"] = 1
    with opened(house, monkeypatch) as door:
        door.failing = 6  # once, and 5 times more
        execution = run(machine, house.running()["base-1_1"])
    house.kill("base-1_1")  # the sandbox's Step Functions runs nothing, and so ends nothing

    assert (execution.exec_status, len(door.called)) == ("FAILED", 6)
    assert house.functions.reconcile({}) == {"started": ["base-1_2"]}
    assert house.run("base-1_2")["said"] == "succeeded"
