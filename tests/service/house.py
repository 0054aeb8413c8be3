"""The service's functions at work in one process, in a simulated organization with a bucket.

Step Functions is moto's, which keeps executions and runs none: `House.run` is the state machine.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import yaml
from moto.s3.models import s3_backends

from orgrollout import api
from orgrollout.sandbox import Sandbox
from orgrollout.service.functions import Functions
from tests.stage import BASE, TOPIC, new_session, organization

BUCKET = "orgrollout-service"
ROLE = "arn:aws:iam::999999999999:role/machine"
AUTO = {"auto_approve": {"actions": ["create", "update"], "max_accounts": 20}}
_DEFINITION = {"StartAt": "Over", "States": {"Over": {"Type": "Succeed"}}}


@dataclass
class House:
    """A sandbox with the bucket and the state machine of the service."""

    sandbox: Sandbox
    machine: str
    functions: Functions = field(init=False)

    def __post_init__(self) -> None:
        self.functions = Functions(
            environment={
                "ORGROLLOUT_BUCKET": BUCKET,
                "ORGROLLOUT_STATE_MACHINE": self.machine,
                "AWS_REGION": "us-east-1",
            },
            clock=self.sandbox.clock,
            session=new_session(),
        )

    def upload(self, manifest: Mapping[str, Any], **files: str) -> None:
        """Put a manifest and its templates where the service looks for them."""
        folder = f"manifests/{manifest['name']}"
        s3 = boto3.client("s3")
        for name, text in {"topic": TOPIC, **files}.items():
            s3.put_object(Bucket=BUCKET, Key=f"{folder}/{name}.yaml", Body=text.encode())
        text = yaml.safe_dump(dict(manifest), sort_keys=False)
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/manifest.yaml", Body=text.encode())
        written_at(self.sandbox.clock.now() - timedelta(hours=1), folder)

    def client(self) -> Any:
        """Open the journal of the service as a laptop does."""
        return api.connect(
            session=new_session(), clock=self.sandbox.clock, journal=f"s3://{BUCKET}/journal"
        )

    def states(self) -> dict[str, str]:
        """Return the phase of every rollout."""
        with self.client() as client:
            return {state.id: state.phase.value for state in client.rollouts()}

    def running(self) -> dict[str, dict[str, Any]]:
        """Return the input of every execution that runs, by name."""
        sfn = boto3.client("stepfunctions")
        found = sfn.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING")
        return {
            each["name"]: json.loads(
                sfn.describe_execution(executionArn=each["executionArn"])["input"]
            )
            for each in found["executions"]
        }

    def kill(self, name: str) -> None:
        """Stop an execution, as an operator or a fault does."""
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"
        boto3.client("stepfunctions").stop_execution(executionArn=arn)

    def run(self, name: str, *, steps: int = 60) -> dict[str, Any]:
        """Do the steps of an execution, with all the waiting, until it is over."""
        state = self.running()[name]
        for _ in range(steps):
            state = self.functions.tick(state)
            if state["over"]:
                self.kill(name)
                return state
            self.sandbox.clock.sleep(timedelta(seconds=state["wait"]))
        raise AssertionError(f"{name} is not over after {steps} steps: {state}")

    def writes(self) -> list[str]:
        """Return what was sent that changes stack sets."""
        starts = ("Create", "Update", "Delete", "Import")
        sent = [c for c in self.sandbox.calls if c.service == "cloudformation"]
        return [c.operation for c in sent if c.operation.startswith(starts)]


def written_at(moment: datetime, folder: str) -> None:
    """Let the objects of a folder be of another time: moto's S3 has the time of this machine."""
    for backend in s3_backends.values():
        for bucket in (b for place in backend.values() for b in place.buckets.values()):
            for key in bucket.keys.values():
                if bucket.name == BUCKET and key.name.startswith(f"{folder}/"):
                    key.last_modified = moment.replace(tzinfo=None)


@contextmanager
def standing() -> Iterator[House]:
    """Give a house whose time is simulated."""
    with Sandbox.start(organization()) as sandbox:
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        made = boto3.client("stepfunctions").create_state_machine(
            name="orgrollout", definition=json.dumps(_DEFINITION), roleArn=ROLE
        )
        yield House(sandbox=sandbox, machine=made["stateMachineArn"])


def manifest(**more: Any) -> dict[str, Any]:
    """Return a manifest of one stack set in few accounts."""
    return {**BASE, "targets": {"organizational_units": ["/Dev"]}, "regions": ["us-east-1"], **more}
