"""What flow logs that the runbook of flowlogs-remediation made should be like. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TAG = "orgrollout:name-prefix"
_OF_A_STACK = "aws:cloudformation:"
_UNKNOWN = "{{resolve:"  # a dynamic reference, which is resolved in the account


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLogSettings:
    """The tag's value, and what its flow logs should be like, by the names of DescribeFlowLogs."""

    prefix: str
    wanted: Mapping[str, str] = field(default_factory=dict)
    destination: str = ""

    def differences(self, log: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what of a flow log with our tag is not as configured.

        What EC2 does not tell is no difference, nor is what was not given here.
        """
        if not self.made(log):
            return ()
        told = {**log, **(log.get("DestinationOptions") or {})}
        found = [
            name
            for name, text in self.wanted.items()
            if is_known(text) and name in told and _text(told[name]) != text
        ]
        return (*found, *(["LogDestination"] if self._goes_elsewhere(log) else []))

    def made(self, log: Mapping[str, Any]) -> bool:
        """Return whether it has our tag, and no stack owns it."""
        tags = {each["Key"]: each["Value"] for each in log.get("Tags") or ()}
        owned = any(name.startswith(_OF_A_STACK) for name in tags)
        return bool(self.prefix) and tags.get(TAG) == self.prefix and not owned

    def _goes_elsewhere(self, log: Mapping[str, Any]) -> bool:
        place = str(log.get("LogGroupName") or log.get("LogDestination") or "").rstrip("/")
        wanted = self.destination.rstrip("/")
        return is_known(wanted) and place not in {wanted, f"{wanted}/{log.get('ResourceId')}"}


def is_known(text: str) -> bool:
    """Return whether a value was given, and can be worked out without the account."""
    return bool(text) and _UNKNOWN not in text


def _text(value: Any) -> str:
    """Return a value as a template writes it."""
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
