"""Runs an Automation document step by step, as Systems Manager does.

Knows the four actions that the shipped and the published runbook use. Calls go to whatever boto3's
default session reaches, which in tests is moto.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import xform_name

from tests.templates.support.resolving import MEMBER, Place
from tests.templates.support.sessions import default_session


class RefusedError(Exception):
    """The execution does not start: a parameter is missing, unknown or malformed."""


class StepFailedError(Exception):
    """A step failed and with it the execution."""

    def __init__(self, step: str, cause: Exception | str) -> None:
        super().__init__(f"step {step}: {cause}")
        self.step = step


@dataclass
class Execution:
    """What came of a run."""

    outputs: dict[str, Any] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def calls(self) -> list[str]:
        """Return the API calls as IAM names them, such as ec2:CreateFlowLogs."""
        return [name for name, _ in self.requests]


def run(
    content: Mapping[str, Any],
    parameters: Mapping[str, str],
    place: Place | None = None,
    credentials: Mapping[str, str] | None = None,
) -> Execution:
    """Return what the document did in ``place``.

    Raises:
        RefusedError: Nothing was called.
        StepFailedError: A step failed.
    """
    # Systems Manager gets JSON, so nothing that JSON cannot carry may help.
    document = json.loads(json.dumps(content))
    execution = Execution()
    with recorded_calls(execution.requests, place or Place(), credentials or {}):
        _Runner(document, parameters, place or Place(), execution).run()
    return execution


@contextmanager
def recorded_calls(
    requests: list[tuple[str, dict[str, Any]]], place: Place, credentials: Mapping[str, str]
) -> Iterator[None]:
    """Make boto3's default session that of ``place``, and note every API call."""

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        requests.append((f"{model.service_model.service_name}:{model.name}", dict(params)))

    with default_session(place, credentials) as session:
        session.events.register("provide-client-params", note)
        yield


class _Runner:
    def __init__(
        self,
        document: dict[str, Any],
        parameters: Mapping[str, str],
        place: Place,
        execution: Execution,
    ) -> None:
        self._steps = {step["name"]: step for step in document["mainSteps"]}
        self._order = [step["name"] for step in document["mainSteps"]]
        self._execution = execution
        self._variables: dict[str, Any] = {
            "global:ACCOUNT_ID": place.account,
            "global:REGION": place.region,
            **_accepted(document["parameters"], parameters),
        }
        self._wanted_outputs = document.get("outputs", [])
        self._actions = {
            "aws:executeScript": self._script,
            "aws:executeAwsApi": self._api,
            "aws:assertAwsResourceProperty": self._assert,
        }
        role = self._fill(document["assumeRole"])
        if not re.fullmatch(r"arn:[a-z0-9-]+:iam::\d{12}:role/.+", role):
            raise RefusedError(f"{role!r} is no role")

    def run(self) -> None:
        name: str | None = self._order[0]
        while name is not None:
            self._execution.steps.append(name)
            name = self._next(self._steps[name])
        known = {name: self._variables.get(name) for name in self._wanted_outputs}
        self._execution.outputs.update(known)

    def _next(self, step: dict[str, Any]) -> str | None:
        """Run one step and return the name of the one that follows."""
        if step["action"] == "aws:branch":
            chosen = self._branch(step)
            if chosen:
                return chosen
        else:
            self._attempt(step)
        if step.get("isEnd") in (True, "true"):
            return None
        following = self._order[self._order.index(step["name"]) + 1 :]
        return step.get("nextStep") or (following[0] if following else None)

    def _attempt(self, step: dict[str, Any]) -> None:
        attempts = int(step.get("maxAttempts", 1))
        for left in reversed(range(attempts)):
            try:
                payload = self._actions[step["action"]](self._fill(step["inputs"]))
                self._keep_outputs(step, payload)
            except Exception as error:  # whatever a script raises fails its step
                if left:
                    continue
                if step.get("onFailure") == "Continue":
                    return
                raise StepFailedError(step["name"], error) from error
            else:
                return

    def _keep_outputs(self, step: dict[str, Any], payload: Any) -> None:
        for output in step.get("outputs", []):
            value = select(payload, output["Selector"])
            kinds = {"String": str, "StringList": list, "Integer": int, "Boolean": bool}
            if not isinstance(value, kinds[output["Type"]]):
                raise TypeError(f"{output['Name']} is not a {output['Type']}: {value!r}")
            self._variables[f"{step['name']}.{output['Name']}"] = value

    def _script(self, inputs: dict[str, Any]) -> dict[str, Any]:
        assert re.fullmatch(r"python3\.\d+", inputs["Runtime"])
        module: dict[str, Any] = {"__name__": "runbook"}
        exec(compile(inputs["Script"], "runbook", "exec"), module)  # noqa: S102 - as SSM does
        answer = module[inputs["Handler"]](inputs.get("InputPayload", {}), {})
        return {"Payload": json.loads(json.dumps(answer))}

    def _api(self, inputs: dict[str, Any]) -> Any:
        given = dict(inputs)
        client = boto3.client(given.pop("Service").lower())
        return getattr(client, xform_name(given.pop("Api")))(**given)

    def _assert(self, inputs: dict[str, Any]) -> Any:
        given = dict(inputs)
        selector, desired = given.pop("PropertySelector"), given.pop("DesiredValues")
        answer = self._api(given)
        found = select(answer, selector)
        if str(found) not in desired:
            raise ValueError(f"{selector} is {found!r}, not one of {desired}")
        return answer

    def _branch(self, step: dict[str, Any]) -> str | None:
        inputs = self._fill(step["inputs"])
        for choice in inputs["Choices"]:
            if choice["Variable"] == choice["StringEquals"]:
                return str(choice["NextStep"])
        default: str | None = inputs.get("Default")
        return default

    def _fill(self, value: Any) -> Any:
        """Return ``value`` with every ``{{ variable }}`` replaced."""
        match value:
            case dict():
                return {key: self._fill(each) for key, each in value.items()}
            case list():
                return [self._fill(each) for each in value]
            case str():
                return re.sub(r"\{\{\s*([\w.:-]+)\s*\}\}", self._variable, value)
            case _:
                return value

    def _variable(self, match: re.Match[str]) -> str:
        if match[1] not in self._variables:
            raise RefusedError(f"{match[0]} is not defined")
        return str(self._variables[match[1]])


def _accepted(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    if set(given) - set(declared):
        raise RefusedError(f"unknown parameters: {sorted(set(given) - set(declared))}")
    return {name: _value(name, each, given) for name, each in declared.items()}


def _value(name: str, declared: Mapping[str, Any], given: Mapping[str, str]) -> str:
    if name not in given and "default" not in declared:
        raise RefusedError(f"{name} is missing")
    value = given.get(name, declared.get("default"))
    if declared["type"] != "String" or not isinstance(value, str):
        raise RefusedError(f"{name} is no string: {value!r}")
    misspelt = not re.search(declared.get("allowedPattern", ""), value)
    if misspelt or value not in declared.get("allowedValues", [value]):
        raise RefusedError(f"{name} may not be {value!r}")
    return value


def select(value: Any, path: str) -> Any:
    """Return what the JSON path leads to, such as ``$.FlowLogs[0].FlowLogId``."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path.removeprefix("$")):
        value = value[name] if name else value[int(index)]
    return value


def role_of(account: str = MEMBER, prefix: str = "orgrollout") -> str:
    """Return the role that AWS Config hands to the runbook."""
    return f"arn:aws:iam::{account}:role/{prefix}-flowlogs-remediation"
