"""Notices to chats and event buses; the URL of a webhook is a secret and is kept nowhere."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome
from tests.stage import BASE, DEV, EU, Stage

SMALL: dict[str, Any] = {**BASE, "targets": {"organizational_units": ["/Dev"]}}
SECRET = "T0SECRET"
VARIABLE = "ORGROLLOUT_TEST_WEBHOOK"


@dataclass
class Chat:
    """A webhook on this machine: what it was sent, and what it answers."""

    url: str = ""
    status: int = 200
    bodies: list[Any] = field(default_factory=list)


@pytest.fixture
def chat() -> Iterator[Chat]:
    room = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            room.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(room.status)
            if room.status == 307:
                self.send_header("Location", f"{room.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        room.url = f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield room
        server.shutdown()
        thread.join()


@pytest.fixture
def set_url(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return partial(monkeypatch.setenv, VARIABLE)


def telling(**place: str) -> dict[str, Any]:
    return {**SMALL, "notifications": [{**place, "on": ["finished"]}]}


def warnings(stage: Stage) -> list[str]:
    return [e.text for e in stage.events if e.kind is EventKind.NOTICE]


def written(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_slack_gets_one_text_and_its_url_is_kept_nowhere(
    stage: Stage,
    chat: Chat,
    set_url: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    set_url(chat.url)
    rollout = stage.apply(telling(slack=f"env:{VARIABLE}"))
    stage.finish(rollout.state.id)

    (body,) = chat.bodies
    assert (sorted(body), body["mrkdwn"]) == (["mrkdwn", "text"], False)
    assert body["text"].startswith(f"orgrollout {rollout.state.id}: succeeded\n")
    assert VARIABLE.encode() in written(stage.folder)
    assert SECRET.encode() not in written(stage.folder)
    assert SECRET not in caplog.text


def test_teams_gets_a_card_by_a_url_that_is_a_secret(stage: Stage, chat: Chat) -> None:
    secrets = boto3.client("secretsmanager", region_name=EU)
    arn = secrets.create_secret(Name="teams", SecretString=chat.url)["ARN"]
    rollout = stage.apply(telling(teams=arn))

    (body,) = chat.bodies
    (attachment,) = body["attachments"]
    lines = [run["text"] for block in attachment["content"]["body"] for run in block["inlines"]]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert lines[0] == f"orgrollout {rollout.state.id}: succeeded"
    assert len(lines) > 1
    assert SECRET.encode() not in written(stage.folder)


def test_an_event_bus_in_another_region_gets_the_facts(stage: Stage) -> None:
    events = boto3.client("events", region_name=EU)
    sqs = boto3.client("sqs", region_name=EU)
    bus = events.create_event_bus(Name="security")["EventBusArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    account = bus.split(":")[4]
    events.put_rule(
        Name="all", EventBusName="security", EventPattern=json.dumps({"source": ["orgrollout"]})
    )
    target = {"Id": "inbox", "Arn": f"arn:aws:sqs:{EU}:{account}:inbox"}
    events.put_targets(Rule="all", EventBusName="security", Targets=[target])

    rollout = stage.apply(telling(event_bus=bus))

    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("orgrollout", "Rollout Finished")
    assert event["detail"]["rollout"] == rollout.state.id
    assert (event["detail"]["event"], event["detail"]["outcome"]) == ("finished", "succeeded")


@pytest.mark.parametrize(
    "case",
    [
        (404, "{url}", "The webhook answered 404."),
        (307, "{url}", "The webhook answered 307."),
        (200, "http://127.0.0.1:1/{secret}", "No response came (ConnectionRefusedError)."),
        (200, "http://hooks.invalid/{secret}", "It holds no https URL."),
        (200, "https://[{secret}", "It holds no https URL."),
        (200, "", f"The environment variable {VARIABLE} is not set."),
    ],
)
def test_a_webhook_that_takes_nothing_is_a_warning_without_its_url(
    stage: Stage, chat: Chat, set_url: Callable[[str], None], case: tuple[int, str, str]
) -> None:
    chat.status, url, said = case
    set_url(url.format(url=chat.url, secret=SECRET))

    ended = stage.apply(telling(slack=f"env:{VARIABLE}"))

    assert ended.state.outcome is Outcome.SUCCEEDED
    (warning,) = warnings(stage)
    place = f"slack env:{VARIABLE}"
    assert warning == f"warning: {place} was not told that {ended.state.id}: succeeded. {said}"
    assert SECRET.encode() not in written(stage.folder)
    assert len(chat.bodies) == (url == "{url}"), "no redirect is followed"


def test_a_name_cannot_mention_or_link_in_slack(
    stage: Stage, chat: Chat, set_url: Callable[[str], None]
) -> None:
    set_url(chat.url)
    stage.sandbox.fail(DEV[0], reason="<!channel> & <https://evil.example|click>")
    stage.apply(
        {
            **telling(slack=f"env:{VARIABLE}"),
            "notifications": [{"slack": f"env:{VARIABLE}", "on": ["halted"]}],
            "rollout": {"max_failed_accounts": 0, "retry": {"attempts": 1}},
        }
    )

    (body,) = chat.bodies
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in body["text"]
    assert "<" not in body["text"]
