"""What CloudFormation makes of a template in one account and Region.

Conditions, functions and parameter defaults are worked out; what AWS would call a resource is its
name where the template gives one, and a made-up id otherwise.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ORGANIZATION = "o-a1b2c3d4e5"
LOG_ARCHIVE = "111122223333"
MEMBER = "123456789012"  # the account that moto calls its own
MANAGEMENT = "999999999999"
AUDIT = "222233334444"
# What has no default, since only whoever deploys it can know.
REQUIRED = {
    "OrganizationId": ORGANIZATION,
    "AdministratorAccountId": MANAGEMENT,
    "CallerRole": "Rollout",
    "ExternalId": "base-7",
    "BusAccountId": AUDIT,
    "CodeBucket": "code",
    "CodeKey": "orgrollout.zip",
    "BusArn": f"arn:aws:events:us-east-1:{AUDIT}:event-bus/accounts",
    "LogRegions": "us-east-1,eu-west-1",
}
_NOTHING = object()
_URL_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
_NAMED_BY = (
    "RoleName",
    "FunctionName",
    "BucketName",
    "ConfigRuleName",
    "LogGroupName",
    "ConfigurationAggregatorName",
    "ManagedPolicyName",
    "OrganizationConformancePackName",
    "TopicName",
    "Name",
)


def partition_of(region: str) -> str:
    """Return the partition a Region belongs to."""
    partitions = {"cn": "aws-cn", "us-gov": "aws-us-gov", "eusc": "aws-eusc", "us-iso": "aws-iso"}
    return next((p for prefix, p in partitions.items() if region.startswith(prefix)), "aws")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is."""

    account: str = MEMBER
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Stack:
    """A template, resolved for one place."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]
    depends: dict[str, set[str]]  # what each resource waits for

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of the resources of one type."""
        found = (each for each in self.resources.values() if each["Type"] == kind)
        return [each.get("Properties", {}) for each in found]

    def only(self, kind: str) -> dict[str, Any]:
        """Return the properties of the one resource of a type."""
        (properties,) = self.of_type(kind)
        return properties


def resolve(template: Mapping[str, Any], place: Place | None = None, **given: str) -> Stack:
    """Return what a stack of ``template`` in ``place`` consists of.

    Raises:
        ValueError: A parameter is unknown, or its value is not allowed.
    """
    return _Resolver(template, place or Place(), given).stack()


def parameter_values(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of every parameter, as CloudFormation would accept it."""
    declared = template.get("Parameters", {})
    unknown = set(given) - set(declared)
    if unknown:
        raise ValueError(f"no such parameters: {sorted(unknown)}")
    return {name: _accept(name, each, given) for name, each in declared.items()}


def _accept(name: str, declared: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    usual = declared["Default"] if "Default" in declared else REQUIRED[name]
    value = str(given.get(name, usual))
    allowed = [str(each) for each in declared.get("AllowedValues", [value])]
    too_small = "MinValue" in declared and int(value) < declared["MinValue"]
    too_large = "MaxValue" in declared and int(value) > declared["MaxValue"]
    misspelt = not re.search(declared.get("AllowedPattern", ""), value)
    if value not in allowed or too_small or too_large or misspelt:
        raise ValueError(f"{name} may not be {value!r}")
    return value.split(",") if declared["Type"] == "CommaDelimitedList" else value


@dataclass
class _Resolver:
    template: Mapping[str, Any]
    place: Place
    given: Mapping[str, str]
    seen: set[str] = field(default_factory=set)  # resources referred to since last asked

    def __post_init__(self) -> None:
        self.values = parameter_values(self.template, self.given)
        self.values |= {
            "AWS::AccountId": self.place.account,
            "AWS::Region": self.place.region,
            "AWS::Partition": partition_of(self.place.region),
            "AWS::NoValue": _NOTHING,
            "AWS::URLSuffix": _URL_SUFFIXES.get(partition_of(self.place.region), "amazonaws.com"),
            "AWS::StackName": "stack",
        }
        self.functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::Equals": lambda pair: self.value(pair[0]) == self.value(pair[1]),
            "Fn::Not": lambda one: not self.value(one[0]),
            "Fn::And": lambda many: all(self.value(each) for each in many),
            "Fn::Or": lambda many: any(self.value(each) for each in many),
            "Fn::If": lambda it: self.value(it[1] if self._condition(it[0]) else it[2]),
            "Fn::Join": lambda it: it[0].join(self.value(it[1])),
            "Fn::Split": lambda it: self.value(it[1]).split(it[0]),
            "Fn::Select": lambda it: self.value(it[1])[int(it[0])],
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._substitute,
        }

    def stack(self) -> Stack:
        present = {
            name: each
            for name, each in self.template["Resources"].items()
            if "Condition" not in each or self._condition(each["Condition"])
        }
        resources, depends = {}, {}
        for name, each in present.items():
            self.seen.clear()
            resources[name] = {**each, "Properties": self.value(each.get("Properties", {}))}
            depends[name] = set(self.seen) | _as_set(each.get("DependsOn"))
        outputs = {
            name: self.value(each["Value"])
            for name, each in self.template.get("Outputs", {}).items()
            if "Condition" not in each or self._condition(each["Condition"])
        }
        return Stack(resources, outputs, depends)

    def value(self, given: Any) -> Any:
        match given:
            case dict() if len(given) == 1 and (name := next(iter(given))) in self.functions:
                return self.functions[name](given[name])
            case dict():
                pairs = ((key, self.value(each)) for key, each in given.items())
                return {key: each for key, each in pairs if each is not _NOTHING}
            case list():
                return [e for e in (self.value(each) for each in given) if e is not _NOTHING]
            case _:
                return given

    def _condition(self, name: str) -> bool:
        return bool(self.value(self.template["Conditions"][name]))

    def _ref(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        if self.template["Resources"][name]["Type"] == "AWS::SNS::Topic":
            return self._attribute([name, "Arn"])
        self.seen.add(name)
        return self._physical_id(name)

    def _physical_id(self, name: str) -> str:
        properties = self.template["Resources"][name].get("Properties", {})
        named = next((properties[key] for key in _NAMED_BY if key in properties), _NOTHING)
        chosen = self.value(named)
        return chosen if chosen is not _NOTHING else f"stack-{name.lower()}"

    def _attribute(self, pair: list[str]) -> str:
        name, attribute = pair
        self.seen.add(name)
        physical, place = self._physical_id(name), self.place
        start = f"arn:{self.values['AWS::Partition']}"
        here = f"{place.region}:{place.account}"
        arns = {
            "AWS::S3::Bucket": f"{start}:s3:::{physical}",
            "AWS::IAM::Role": f"{start}:iam::{place.account}:role/{physical}",
            "AWS::KMS::Key": f"{start}:kms:{here}:key/{physical}",
            "AWS::Lambda::Function": f"{start}:lambda:{here}:function:{physical}",
            "AWS::Events::EventBus": f"{start}:events:{here}:event-bus/{physical}",
            "AWS::Events::Rule": f"{start}:events:{here}:rule/{physical}",
            "AWS::SNS::Topic": f"{start}:sns:{here}:{physical}",
            "AWS::SQS::Queue": f"{start}:sqs:{here}:{physical}",
            "AWS::Logs::LogGroup": f"{start}:logs:{here}:log-group:{physical}:*",
        }
        kind = self.template["Resources"][name]["Type"]
        return arns[kind] if attribute == "Arn" else f"{name}.{attribute}"

    def _substitute(self, text: str) -> str:
        def one(match: re.Match[str]) -> str:
            name = match[1]
            return str(self._attribute(name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", one, text)


def _as_set(names: Any) -> set[str]:
    return {names} if isinstance(names, str) else set(names or ())
