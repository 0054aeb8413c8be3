"""What the template of the service becomes here: functions, state machine and rules."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.events.models import EventPattern

from orgrollout.sandbox.templates import parse_template
from orgrollout.service.templates import Part, service_template

STACK = "orgrollout"


@dataclass(frozen=True)
class Template:
    """The template that `orgrollout service template` prints, in one account and Region."""

    account: str
    region: str
    bucket: str

    def functions(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """Yield name, handler and variables of every function."""
        for found in self._of_type("AWS::Lambda::Function").values():
            variables = found["Environment"]["Variables"]
            yield (
                self._text(found["FunctionName"]),
                found["Handler"],
                {key: self._text(value) for key, value in variables.items()},
            )

    def definition(self) -> str:
        """Return the definition of the state machine."""
        (machine,) = self._of_type("AWS::StepFunctions::StateMachine").values()
        text = json.dumps(machine["Definition"])
        for key, value in machine["DefinitionSubstitutions"].items():
            text = text.replace(f"${{{key}}}", self._text(value))
        return text

    def matching(self, event: Mapping[str, Any]) -> list[str]:
        """Return the rules that an event sets off, as moto's EventBridge matches."""
        sent: Any = dict(event)
        patterns = {
            name: json.dumps(self._filled(rule["EventPattern"]))
            for name, rule in self._of_type("AWS::Events::Rule").items()
        }
        return [n for n, each in patterns.items() if EventPattern.load(each).matches_event(sent)]

    def _of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        resources = parse_template(service_template(Part.SERVICE))["Resources"]
        return {n: each["Properties"] for n, each in resources.items() if each["Type"] == kind}

    def _text(self, value: Any) -> str:
        return str(self._filled(value))

    def _filled(self, value: Any) -> Any:
        """Return a value without functions: those that the parts above have are few."""
        match value:
            case {"Ref": str(name)}:
                return self._named(name)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._named(found[1]), text)
            case {"Fn::GetAtt": [str(name), "Arn"]}:
                function = self._text(self._of_type("AWS::Lambda::Function")[name]["FunctionName"])
                return f"arn:aws:lambda:{self.region}:{self.account}:function:{function}"
            case dict():
                return {key: self._filled(each) for key, each in value.items()}
            case list():
                return [self._filled(each) for each in value]
        return value

    def _named(self, name: str) -> str:
        return {
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackName": STACK,
            "Bucket": self.bucket,
        }[name]
