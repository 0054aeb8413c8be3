"""The zip at work: its functions in a bare interpreter, which has the zip and nothing else.

The zip is made for the Python of this machine, since the one for Lambda holds compiled modules of
python3.13. The sandbox behind a port is AWS; Step Functions is moto's, which runs no execution, so
the test does what the machine does.
"""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from orgrollout.sandbox import ScaledClock, Settings, serve
from orgrollout.service.package import make_package
from orgrollout.service.wheels import Architecture, Target
from tests.service.house import AUTO, BUCKET, ROLE, manifest, written_at
from tests.stage import TOPIC, organization

pytestmark = pytest.mark.slow

# Without `site`, so that nothing that is installed can be imported.
BARE = (sys.executable, "-I", "-S", "-c")
RUNTIME = """
import json, sys
sys.path.insert(0, sys.argv[1])
from orgrollout.service import handlers
import boto3
assert handlers.__file__.startswith(sys.argv[1]) and boto3.__file__.startswith(sys.argv[1])
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    name, event = json.loads(line)
    print(json.dumps(getattr(handlers, name)(event)), file=answers, flush=True)
"""
QUICK = Settings(median_duration=timedelta(seconds=20), deploy_resources=False)
SPEED = 60


class Functions:
    """The functions of the zip, called one after the other in one process, as Lambda does."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def call(self, name: str, event: Any) -> Any:
        """Return what a function answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, event]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the function's process ended"
        return json.loads(answer)


@contextmanager
def started(folder: Path, environment: dict[str, str]) -> Iterator[Functions]:
    command = [*BARE, RUNTIME, str(folder)]
    with subprocess.Popen(  # noqa: S603
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Functions(process)
        finally:
            process.kill()


def upload(document: dict[str, Any]) -> None:
    s3, folder = boto3.client("s3"), f"manifests/{document['name']}"
    s3.put_object(Bucket=BUCKET, Key=f"{folder}/topic.yaml", Body=TOPIC.encode())
    text = yaml.safe_dump(document, sort_keys=False)
    s3.put_object(Bucket=BUCKET, Key=f"{folder}/manifest.yaml", Body=text.encode())


def test_the_functions_of_the_zip_carry_out_an_uploaded_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    made = make_package(Target(architecture=Architecture(os.uname().machine), python=python))
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        archive.extractall(tmp_path / "zip")
    with serve(organization(), clock=ScaledClock(SPEED), settings=QUICK) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        machine = boto3.client("stepfunctions").create_state_machine(
            name="orgrollout",
            definition='{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
            roleArn=ROLE,
        )["stateMachineArn"]
        environment = {
            **server.environment(),
            "ORGROLLOUT_BUCKET": BUCKET,
            "ORGROLLOUT_STATE_MACHINE": machine,
            "AWS_REGION": "us-east-1",
        }
        upload(manifest(service=AUTO))
        written_at(datetime.now(UTC) - timedelta(hours=1), "manifests/base")
        with started(tmp_path / "zip", environment) as functions:
            looked = functions.call("look", {})
            sfn = boto3.client("stepfunctions")
            (execution,) = sfn.list_executions(stateMachineArn=machine)["executions"]
            arn = execution["executionArn"]
            step = json.loads(sfn.describe_execution(executionArn=arn)["input"])
            deadline = time.monotonic() + 120
            while not step.get("over"):
                assert time.monotonic() < deadline, step
                step = functions.call("tick", step)
                time.sleep(min(step["wait"], 2))
        instances = server.sandbox.stack_set("base-topics").instances

    assert looked["looked"] == {"base": "approved by its conditions, and started"}
    assert (execution["name"], step["name"]) == ("base-1_1", "base-1")
    assert sorted(account for account, _ in instances) == ["200000000001", "200000000002"]
