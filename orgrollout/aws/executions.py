"""Executions of a Step Functions state machine: started once by name, and looked at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError

RUNNING = "RUNNING"
_UNKNOWN = "ExecutionDoesNotExist"
_USED = "ExecutionAlreadyExists"


@dataclass(frozen=True, slots=True)
class Executions:
    """The executions of one state machine of the type STANDARD."""

    connection: Connection
    machine: str  # its ARN

    def status(self, name: str) -> str | None:
        """Return the status of an execution; None: there is none of this name.

        Raises:
            AwsError: It could not be asked.
        """
        arn = f"{self.machine.replace(':stateMachine:', ':execution:', 1)}:{name}"
        try:
            answer = self.connection.call(
                "stepfunctions", "DescribeExecution", {"executionArn": arn}
            )
        except AwsError as error:
            if error.code == _UNKNOWN:
                return None
            raise
        return str(answer["status"])

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        """Start an execution; False: the name was used before, and nothing was started.

        Starting one that runs with the same input again is no error and starts nothing
        (StartExecution, Step Functions API reference).

        Raises:
            AwsError: It was not started.
        """
        asked = {"stateMachineArn": self.machine, "name": name, "input": json.dumps(given)}
        try:
            self.connection.call("stepfunctions", "StartExecution", asked)
        except AwsError as error:
            if error.code == _USED:
                return False
            raise
        return True
