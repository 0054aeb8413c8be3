"""Posture: what should be true in an account and Region and is no property of a stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PostureState(StrEnum):
    """The result of a check. Unknown is never ok."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureCheck:
    """A named check, with the arguments that a template and its parameters give it."""

    name: str  # e.g. config-recorder
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return its name, and what tells it from another of that name in the same place."""
        known = CHECKS.get(self.name)
        told_by = self.arguments.get(known.told_by, "") if known else ""
        return f"{self.name} {told_by}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that a check does not hold for: a VPC, a rule, a recorder, a document."""

    id: str
    reason: str  # in words, with the id
    by_call: bool = False  # the call of the check may repair it
    accepted: str = ""  # why it is left as it is by agreement, in AWS itself
    hindrance: str = ""  # why no call is made for it, though one could repair it


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureSeen:
    """How one check stands in one account and Region."""

    state: PostureState
    reason: str = ""
    subjects: tuple[str, ...] = ()  # what a call would repair, by id: VPCs, a recorder
    parts: tuple[Subject, ...] = ()  # all that is broken, one by one, as far as it has an id
    evaluated: datetime | None = None  # where a rule tells: when it was evaluated last
    unseen: bool = False  # unknown since the check could not look, as where a call was denied


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheck:
    """A check that templates may ask for."""

    required: tuple[str, ...] = ()  # arguments
    optional: tuple[str, ...] = ()
    told_by: str = ""  # the argument that tells two checks of this name apart
    mended_by: str = ""  # the call that repairs it, service:Operation; empty: none does
    looks: int = 1  # calls that one look takes, where nothing is wrong
    has_one_subject: bool = True  # a recorder, a rule; not as many as there are VPCs

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the names of all arguments."""
        return self.required + self.optional


CONFIG_RECORDER = "config-recorder"
CONFIG_DELIVERY = "config-delivery"
CONFIG_RULE = "config-rule"
CONFIG_COMPLIANCE = "config-compliance"
SSM_DOCUMENT = "ssm-document"
VPC_FLOW_LOGS = "vpc-flow-logs"
# What a check of a document is told besides its arguments: the stack, and what the template says.
STACK, DIGEST = "stack", "digest"
DESTINATION = "destination"  # an output of the template; what it says, once it is worked out

REMEDIATION = "config:StartRemediationExecution"
CHECKS: Mapping[str, KnownCheck] = {
    CONFIG_RECORDER: KnownCheck(
        optional=("recorder",), mended_by="config:StartConfigurationRecorder"
    ),
    CONFIG_DELIVERY: KnownCheck(optional=("channel",)),
    CONFIG_RULE: KnownCheck(
        required=("rule",),
        told_by="rule",
        mended_by="config:StartConfigRulesEvaluation",
        looks=2,
    ),
    CONFIG_COMPLIANCE: KnownCheck(
        required=("rule",),
        optional=("remediated_type",),  # what the rule's remediation is for, e.g. AWS::EC2::VPC
        told_by="rule",
        mended_by=REMEDIATION,
        has_one_subject=False,
    ),
    SSM_DOCUMENT: KnownCheck(required=("resource",), told_by="resource", looks=2),
    VPC_FLOW_LOGS: KnownCheck(
        required=("traffic",),
        optional=("rule", DESTINATION),  # whose remediation makes flow logs, and where they go
        mended_by=REMEDIATION,
        looks=2,
        has_one_subject=False,
    ),
}


def mended_by(check: PostureCheck, subjects: tuple[str, ...]) -> str | None:
    """Return the call that may repair a broken check, as service:Operation; None: no call does.

    A remediation is started where the template says that there is one.
    """
    known = CHECKS.get(check.name)
    if known is None or not subjects or not known.mended_by:
        return None
    needs = {CONFIG_COMPLIANCE: "remediated_type", VPC_FLOW_LOGS: "rule"}.get(check.name)
    return None if needs and not check.arguments.get(needs) else known.mended_by
