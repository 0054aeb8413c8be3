"""The manifest's shape: what may be written, where, and what holds when nothing is written.

Shape only. Whether names refer to something, and whether a template takes a parameter, is checked
by `check`; where in the file a problem stands is known to `load`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from orgrollout.manifest.text.values import (
    Day,
    Duration,
    ExecutionRoleName,
    ExternalId,
    FailureBudget,
    Names,
    RegularExpression,
    RoleArn,
    RoleName,
    Texts,
    journal_place,
    one_or_more,
    refusal,
    span,
    template_place,
)
from orgrollout.model.stack_set import PermissionModel

ManifestName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,39}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,79}$")]
AccountNumber = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Event = Literal["halted", "finished", "drift"]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
KnownClass = Literal[
    "throttled", "transient", "blocked_by_policy", "configuration", "permanent", "skipped"
]
AlarmArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+$")
]
TopicArn = Annotated[
    str,
    StringConstraints(
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$"
    ),
]
Moment = Annotated[datetime, Field(strict=True)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PositiveCount = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Ownership = Annotated[
    PermissionModel,
    BeforeValidator(
        lambda value: value.upper() if isinstance(value, str) else value,
        json_schema_input_type=Literal[
            "service_managed", "self_managed", "SERVICE_MANAGED", "SELF_MANAGED"
        ],
    ),
]
PositivePercentage = Annotated[int, Field(strict=True, ge=1, le=100)]


class Part(BaseModel):
    """A part of the manifest: keys it does not know are errors, and values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Match(StrEnum):
    """How several tags of one block combine."""

    ALL = "all"
    ANY = "any"


class Block(Part):
    """A selection of accounts. All conditions given must hold; a list holds if one of it does."""

    organizational_units: Names | None = None  # path, id, or unique name; nested too
    accounts: Names | None = None  # names from `accounts`, or ids as strings
    tags: dict[str, Names] | None = None
    match: Match = Match.ALL
    regions: Names | None = None  # narrower than the stack set's own


class Exclusion(Block):
    """A selection that is left out, whatever includes it."""

    reason: str = Field(min_length=1)
    until: Day | None = None  # the last day on which it holds


class Targets(Part):
    """Which accounts: blocks add up, and an exclusion always wins."""

    everyone: Flag = False  # written as `targets: all`
    include: tuple[Block, ...] = ()
    exclude: tuple[Exclusion, ...] = ()


class ParameterOverride(Part):
    """Parameters for some of the stack instances. Later ones win."""

    targets: Targets
    regions: Names | None = None
    parameters: dict[str, str]


LintRule = Annotated[str, StringConstraints(pattern=r"^[EWI](\d{4})?$")]


class Lint(Part):
    """What is made of what cfn-lint says of templates."""

    accept: tuple[LintRule, ...] = ()


class TemplatesLint(Lint):
    """The same for all templates, and what `validate` refuses."""

    severity: Literal["error", "warning", "informational"] = "error"  # and all that is worse


class Templates(Part):
    """What holds for all templates."""

    lint: TemplatesLint = TemplatesLint()


class StackSet(Part):
    """One stack set: a template, where it goes, and with which parameters."""

    template: str | None = None  # a path beside the manifest, or builtin:NAME
    stack_set_name: str | None = None  # default: <manifest>-<key>
    state: Literal["present", "absent"] = "present"
    adopt: Flag = False
    import_stacks: Texts = ()  # ids of stacks that exist, to become its stack instances
    description: str = Field(default="", max_length=1024)
    targets: Targets | None = None  # default: the manifest's
    regions: Names | None = None  # default: the manifest's
    depends_on: Texts | None = None  # default: the template's
    parameters: dict[str, str] = {}
    parameter_overrides: tuple[ParameterOverride, ...] = ()
    tags: dict[str, str] = {}
    capabilities: Texts | None = None  # default: the template's
    permission_model: Ownership = PermissionModel.SERVICE_MANAGED
    administration_role_arn: RoleArn | None = None
    execution_role_name: ExecutionRoleName | None = None
    managed_execution: Flag | None = None  # default: as it is; off where it is new
    auto_deployment: Flag = False
    retain_stacks: Flag | None = None  # default: guards.retain_stacks
    lint: Lint = Lint()  # of its template, besides templates.lint


class Gate(Part):
    """What must happen before the next wave starts."""

    soak: Duration | None = None
    approval: Literal["required"] | None = None
    not_by: Literal["planner"] | None = None  # whoever approves is somebody else
    alarm: AlarmArn | None = None  # CloudWatch; stays quiet while the wave soaks


class Sample(Part):
    """A few accounts of each organizational unit."""

    per_ou: PositiveCount


class Preferences(Part):
    """Operation preferences. Count and percentage exclude each other."""

    max_concurrent_percentage: PositivePercentage | None = None
    max_concurrent_count: PositiveCount | None = None
    failure_tolerance_percentage: Percentage | None = None
    failure_tolerance_count: Count | None = None
    region_concurrency: Literal["parallel", "sequential"] = "parallel"
    region_order: Texts = ()
    concurrency_mode: Literal["soft", "strict"] = "soft"


class Wave(Part):
    """A part of the accounts, which is done before the next wave starts. One selector."""

    name: ManifestName
    sample: Sample | None = None
    percent: PositivePercentage | None = None  # cumulative, by hash
    accounts: Names | None = None
    organizational_units: Names | None = None
    tags: dict[str, Names] | None = None
    operation_preferences: Preferences | None = None  # default: the rollout's
    after: Gate = Gate()


class Retry(Part):
    """How often a failed stack instance is tried, the first time included."""

    attempts: int = Field(default=4, strict=True, ge=1, le=20)


class FailurePattern(Part):
    """Failures that this organization knows: told by their reason, before those known anyway."""

    pattern: RegularExpression  # searched for in the reason, upper and lower case alike
    advice: str = ""
    attempts: int | None = Field(default=None, strict=True, ge=1, le=20)  # default: the class's


class FreezeWindow(Part):
    """A span in which no operation starts: written as START/END, both ISO 8601."""

    start: Moment
    end: Moment  # the first moment after it

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return span(value)


class Rollout(Part):
    """How a plan is carried out."""

    waves: tuple[Wave, ...] = ()
    max_failed_accounts: FailureBudget = "5%"  # of a wave, or a count; after retries
    operation_preferences: Preferences = Preferences()
    retry: Retry = Retry()
    failure_classes: dict[KnownClass, tuple[FailurePattern, ...]] = {}
    on_failure: Literal["halt", "rollback"] = "halt"
    updates_by: Literal["update_stack_instances", "update_stack_set"] = "update_stack_instances"
    freeze: Annotated[tuple[FreezeWindow, ...], BeforeValidator(one_or_more)] = ()


class Accounts(Part):
    """A list of accounts."""

    accounts: Texts = ()


class OnProblem(StrEnum):
    """What a target that selects nothing leads to."""

    ERROR = "error"
    WARN = "warn"
    OK = "ok"


class Guards(Part):
    """What a plan may never do by accident."""

    max_removed_accounts: Count = 3
    max_departed_accounts: Count = 0
    retain_stacks: Flag = True
    detach_suspended: Flag = False
    never_remove_from: Accounts = Accounts()
    on_empty_targets: OnProblem = OnProblem.ERROR
    on_missing_target: OnProblem = OnProblem.ERROR


class DriftIgnore(Part):
    """A difference that is known and accepted."""

    stack_set: str
    resource: str
    property: str | None = None  # JSON pointer; none: the whole resource
    reason: str = Field(min_length=1)
    until: Day | None = None


class ResyncWindow(Part):
    """When changes may be made: days of the week, from one time of day to another, in UTC."""

    days: Annotated[tuple[Weekday, ...], BeforeValidator(one_or_more)] = get_args(Weekday)
    start: TimeOfDay = "00:00"  # HH:MM
    end: TimeOfDay = "24:00"  # the first minute after it; before `start`: on the next day

    @model_validator(mode="after")
    def _is_open_at_all(self) -> Self:
        if self.start == self.end or (self.start, self.end) == ("24:00", "00:00"):
            raise refusal(
                f"from {self.start} to {self.end} is no time.",
                "Leave both out for the whole day, or let it end at another time.",
            )
        return self


class Unattended(Part):
    """What `resync --unattended` may do; all else is only reported."""

    max_instances: Count = 25
    resource_types: Texts = ("*",)  # with `*` for any part; empty: posture only
    windows: Annotated[
        tuple[ResyncWindow, ...], Field(min_length=1), BeforeValidator(one_or_more)
    ] = ()  # left out: always


class Drift(Part):
    """How drift is looked at, what of it is left alone, and what may be repaired by itself."""

    probe_role: RoleName | None = None  # in member accounts, looks at posture; default: resync_role
    resync_role: RoleName | None = None  # in member accounts, repairs
    external_id: ExternalId | None = None
    aggregator: str | None = None  # of AWS Config, in the caller's account and home Region
    ignore: tuple[DriftIgnore, ...] = ()
    unattended: Unattended = Unattended()


class Notification(Part):
    """Who is told of what."""

    sns: TopicArn
    on: Annotated[tuple[Event, ...], Field(min_length=1), BeforeValidator(one_or_more)]


class Manifest(Part):
    """What should be true in every account, and how it gets there."""

    version: Literal[1]
    name: ManifestName
    organization: Annotated[str, StringConstraints(pattern=r"^o-[a-z0-9]{10,32}$")]
    home_region: str | None = None  # see LoadedManifest.home_region
    call_as: Literal["auto", "self", "delegated_admin"] = "auto"
    journal: Annotated[str | None, BeforeValidator(journal_place)] = None  # default: this machine
    template_bucket: Annotated[str | None, BeforeValidator(template_place)] = None  # s3://
    accounts: dict[str, AccountNumber] = {}
    region_groups: dict[Key, Names] = {}
    target_groups: dict[str, Targets] = {}
    targets: Targets | None = None
    regions: Names | None = None
    stack_sets: dict[Key, StackSet] = Field(min_length=1)
    templates: Templates = Templates()
    rollout: Rollout = Rollout()
    guards: Guards = Guards()
    drift: Drift = Drift()
    notifications: tuple[Notification, ...] = ()
