"""A topic with an HTTP endpoint: what is published goes to queues, and never out."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import ACCOUNTS

ASKED: list[str] = []


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        ASKED.append(self.path)
        self.send_response(200)
        self.end_headers()


@pytest.fixture
def endpoint() -> Iterator[str]:
    ASKED.clear()
    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()
        thread.join()


def test_nothing_is_sent_to_an_http_endpoint(sandbox: Sandbox, endpoint: str) -> None:
    session = sandbox.session(ACCOUNTS[0], "us-east-1")
    sns, sqs = session.client("sns"), session.client("sqs")
    topic = sns.create_topic(Name="t")["TopicArn"]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])

    sns.publish(TopicArn=topic, Message="hello")

    assert ASKED == []
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
