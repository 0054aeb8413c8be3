"""How a plan is carried out: waves, gates, preferences, failures, freezes."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orgrollout.manifest.schema.part import (
    Attempts,
    Count,
    Part,
    Percentage,
    PositiveCount,
    PositivePercentage,
)
from orgrollout.manifest.schema.selection import AccountNames, Tags, Units
from orgrollout.manifest.text.forms import AlarmArn, ManifestName
from orgrollout.manifest.text.values import (
    Duration,
    FailureBudget,
    RegularExpression,
    Texts,
    one_or_more,
    refusal,
    span,
)

KnownClass = Literal[
    "throttled", "transient", "blocked_by_policy", "configuration", "permanent", "skipped"
]
Moment = Annotated[datetime, Field(strict=True)]
CallsPerSecond = Annotated[float, Field(ge=0.1, le=100)]


class Gate(Part):
    """What must happen before the next wave starts."""

    written: ClassVar = "Write {soak: 30m}, {approval: required} or both."

    soak: Duration | None = None
    """How long to wait: 30m, 2h, 1h30m, 3d."""
    approval: Literal["required"] | None = None
    """`required`: wait for `orgrollout approve`."""
    not_by: Literal["planner"] | None = None
    """`planner`: the person who planned or began the rollout may not approve it."""
    alarm: AlarmArn | None = None
    """The ARN of a CloudWatch alarm that must stay quiet while the wave soaks."""


class Sample(Part):
    """A few accounts of each organizational unit."""

    per_ou: PositiveCount
    """How many accounts of each organizational unit."""


class Preferences(Part):
    """Operation preferences. Count and percentage exclude each other."""

    max_concurrent_percentage: PositivePercentage | None = None
    """Share of the accounts of a Region to deploy to at a time. Default: 25, unless a count is
    given."""
    max_concurrent_count: PositiveCount | None = None
    """The same as a count."""
    failure_tolerance_percentage: Percentage | None = None
    """Share of the accounts of a Region that may fail before CloudFormation stops there."""
    failure_tolerance_count: Count | None = None
    """The same as a count."""
    region_concurrency: Literal["parallel", "sequential"] = "parallel"
    """All Regions at the same time, or one after another."""
    region_order: Texts = ()
    """Which Regions first, when sequential."""
    concurrency_mode: Literal["soft", "strict"] = "soft"
    """`strict` lets the tolerance limit how many run at a time."""


class Wave(Part):
    """A part of the accounts, which is done before the next wave starts. One selector."""

    written: ClassVar = "Write a wave such as {name: canary, percent: 10}."

    name: ManifestName
    """What plans and reports call it."""
    sample: Sample | None = None
    """Some accounts of every organizational unit."""
    percent: PositivePercentage | None = None
    """Up to this share of all accounts, those of earlier waves included; stable from plan to
    plan."""
    accounts: AccountNames = None
    organizational_units: Units = None
    tags: Tags = None
    operation_preferences: Preferences | None = None
    """For this wave, instead of those of the rollout."""
    after: Gate = Gate()
    """What must happen before the next wave starts."""


class Retry(Part):
    """How often a failed stack instance is tried, the first time included."""

    attempts: Attempts = 4
    """How often a stack instance is tried, the first time included."""


class CallRate(Part):
    """How often each API of CloudFormation is called: the rate adapts to what AWS throttles."""

    written: ClassVar = "Write {most: 5}, {least: 0.5, most: 5} or {least: 0.5}."

    least: CallsPerSecond = 0.25
    """Calls a second that no throttling brings it below."""
    most: CallsPerSecond | None = None
    """Calls a second that it is raised to while AWS throttles nothing. Default: 2, with which it
    begins, so that others who work in the account have room."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.most is not None and self.least > self.most:
            raise refusal(
                f"the least, {self.least:g}, is above the most, {self.most:g}.",
                "Lower `least`, or raise `most`.",
            )
        return self


class FailurePattern(Part):
    """Failures that this organization knows: told by their reason, before those known anyway."""

    pattern: RegularExpression
    """A regular expression of 1,000 characters at most, searched for in the reason of a failure, in
    upper and lower case."""
    advice: str = ""
    """What a person should do about it."""
    attempts: Attempts | None = None
    """How often it is tried, the first time included. Default: as often as its class is."""


FailurePatterns = Annotated[tuple[FailurePattern, ...], Field(max_length=1_000)]


class FreezeWindow(Part):
    """A span in which no operation starts: written as START/END, both ISO 8601."""

    written: ClassVar = "Write START/END, such as 2026-12-20/2027-01-04."

    start: Moment
    """The first moment: a day or a time, in UTC unless it says otherwise."""
    end: Moment
    """The last day, or the first moment after it."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return span(value)


class Rollout(Part):
    """How a plan is carried out."""

    waves: tuple[Wave, ...] = ()
    """Parts of the accounts, each done before the next starts. The accounts that are left form the
    last one."""
    max_failed_accounts: FailureBudget = "5%"
    """How many accounts of a wave may fail, after retries, before the rollout halts: a count, or a
    share like 5%."""
    operation_preferences: Preferences = Preferences()
    """What is sent with every operation."""
    retry: Retry = Retry()
    """How failed stack instances are tried again."""
    calls_per_second: CallRate = CallRate()
    """How often each API of CloudFormation is called."""
    failure_classes: dict[KnownClass, FailurePatterns] = Field(default={})
    """Reasons that this organization knows, by class: throttled, transient, blocked_by_policy,
    configuration, permanent, skipped."""
    on_failure: Literal["halt", "rollback"] = "halt"
    """What happens when too many fail: the rollout halts, or another rollout takes back what it
    updated."""
    updates_by: Literal["update_stack_instances", "update_stack_set"] = "update_stack_instances"
    """How a changed definition is brought to stack instances after the first operation.
    `update_stack_set` is for when UpdateStackInstances turns out to apply the old one; see
    Operating rollouts. Left out, it is what the file says that `behaviour` names."""
    freeze: Annotated[tuple[FreezeWindow, ...], BeforeValidator(one_or_more)] = ()
    """Spans in which no operation starts, as START/END."""
