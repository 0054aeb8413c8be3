"""The service, deployed on this machine, with nothing of AWS and nothing of a network.

The functions run from the packaged zip. The state machine of the template is run by moto's
interpreter. StackSets, Organizations and the accounts are the sandbox; the bucket and the topic are
moto's. EventBridge, its queue and Scheduler are played: an event is matched with the rules of the
template, and handed over as the queue would.
"""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from moto.core.config import default_user_config
from moto.s3.models import s3_backends

from demos.service.events import batch, uploaded
from demos.service.runtime import Function, invoke_api, listening
from demos.service.template import STACK, Template
from orgrollout.sandbox import SandboxServer, ScaledClock, Settings, serve
from orgrollout.service.package import Package, make_package
from orgrollout.service.wheels import Architecture, Target

HERE = Path(__file__).parent
RUNTIME = HERE.parents[1] / ".venv" / "lambda"
"""Where `make` installs AWS's runtime client."""
BUCKET, TOPIC = "orgrollout-service", "orgrollout"
QUICK = Settings(
    median_duration=timedelta(milliseconds=400),
    change_set_duration=timedelta(milliseconds=200),
    stack_update_duration=timedelta(milliseconds=400),
    stack_drift_duration=timedelta(milliseconds=200),
)
TAMPERED_WITH = "TamperedWith"
_PATIENCE = 180  # seconds
_QUIET = timedelta(minutes=3)  # longer than a folder must rest before it is planned


@dataclass(frozen=True)
class Cloud:
    """The deployed service, and the organization around it."""

    server: SandboxServer
    template: Template
    functions: Mapping[str, Function]
    package: Package
    machine: str

    def client(self, service: str, session: Any = None) -> Any:
        """Return a client of boto3; without a session, one of the service's own account."""
        chosen: Any = session or self.server.sandbox.session()
        return chosen.client(service, endpoint_url=self.server.endpoint)

    def function(self, name: str) -> Function:
        """Return a function by its name without the stack's."""
        return self.functions[f"{STACK}-{name}"]

    def upload(self, folder: str, **files: str) -> dict[str, Any]:
        """Put files into the folder of a manifest, some time ago, and return the last event."""
        for name, text in files.items():
            key = f"manifests/{folder}/{name}.yaml"
            self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=text.encode())
        self._let_it_rest(folder)
        return uploaded(BUCKET, f"manifests/{folder}/manifest.yaml")

    def send(self, event: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the rule of the template that takes an event, and what the function answers."""
        (rule,) = self.template.matching(event)
        reader = "tampered" if rule == TAMPERED_WITH else "look"  # of the queue that it writes to
        return rule, self.function(reader).call(batch(event))

    def executions(self) -> dict[str, str]:
        """Return the status of every execution, by name."""
        found = self.client("stepfunctions").list_executions(stateMachineArn=self.machine)
        return {each["name"]: each["status"] for each in found["executions"]}

    def wait_for(self, execution: str) -> dict[str, Any]:
        """Return the output of an execution that has ended.

        Raises:
            RuntimeError: It failed, or does not end.
        """
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{execution}"
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            found = self.client("stepfunctions").describe_execution(executionArn=arn)
            if found["status"] == "SUCCEEDED":
                output: dict[str, Any] = json.loads(found["output"])
                return output
            if found["status"] != "RUNNING":
                raise RuntimeError(f"{execution} is {found['status']}: {found.get('cause')}")
            time.sleep(0.2)
        raise RuntimeError(f"{execution} does not end")

    def laptop(self, *arguments: str) -> str:
        """Run a command of orgrollout with the journal of the service, as an operator does.

        Raises:
            RuntimeError: It failed.
        """
        command = [sys.executable, "-m", "orgrollout", *arguments]
        done = subprocess.run(  # noqa: S603 - this interpreter, our own arguments
            [*command, "--journal", f"s3://{BUCKET}/journal"],
            env={**os.environ, **self.server.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _let_it_rest(self, folder: str) -> None:
        """Make objects older: moto's S3 has the time of this machine, and nothing here waits."""
        with self.server.sandbox.simulation.state.in_place():
            for backend in s3_backends.values():
                for bucket in (b for place in backend.values() for b in place.buckets.values()):
                    for key in bucket.keys.values():
                        if key.name.startswith(f"manifests/{folder}/"):
                            key.last_modified = (datetime.now(UTC) - _QUIET).replace(tzinfo=None)


@contextmanager
def deployed(work: Path, *, runtime: Path = RUNTIME) -> Iterator[Cloud]:
    """Give the service, deployed in a simulated organization, with its files in ``work``."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    architecture = Architecture.ARM64 if os.uname().machine == "aarch64" else Architecture.X86_64
    package = make_package(Target(architecture=architecture, python=python))
    with zipfile.ZipFile(BytesIO(package.content)) as archive:
        archive.extractall(work / "zip")
    with ExitStack() as stack:
        server = serve(HERE / "organization.yaml", clock=ScaledClock(1), settings=QUICK)
        stack.enter_context(server)
        stack.enter_context(_executing())
        account = server.sandbox.organization.management_account_id
        template = Template(account, server.sandbox.organization.home_region, BUCKET)
        functions = dict(_functions(template, server, work, runtime))
        for function in functions.values():
            stack.enter_context(function.served())
        port = stack.enter_context(listening(invoke_api(functions)))
        stack.enter_context(_variable("MOTO_PORT", str(port)))  # where moto's interpreter invokes
        cloud = Cloud(server, template, functions, package, "")
        cloud.client("s3").create_bucket(Bucket=BUCKET)
        cloud.client("sns").create_topic(Name=TOPIC)
        made = cloud.client("stepfunctions").create_state_machine(
            name=STACK,
            definition=template.definition(),
            roleArn=f"arn:aws:iam::{account}:role/machine",
        )
        yield Cloud(server, template, functions, package, made["stateMachineArn"])


def _functions(
    template: Template, server: SandboxServer, work: Path, runtime: Path
) -> Iterator[tuple[str, Function]]:
    for name, handler, variables in template.functions():
        yield (
            name,
            Function(
                name=name,
                handler=handler,
                environment={**server.environment(), **variables},
                code=work / "zip",
                runtime=runtime,
                log=work / f"{name}.log",
            ),
        )


@contextmanager
def _executing() -> Iterator[None]:
    """Let moto's Step Functions run executions inside the block, instead of only keeping them."""
    settings = default_user_config["stepfunctions"]
    before, settings["execute_state_machine"] = settings["execute_state_machine"], True
    try:
        yield
    finally:
        settings["execute_state_machine"] = before


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before, os.environ[name] = os.environ.get(name), value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
