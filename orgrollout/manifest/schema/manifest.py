"""The whole manifest, and who is told of what."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orgrollout.manifest.schema.drift import Drift
from orgrollout.manifest.schema.guards import Guards
from orgrollout.manifest.schema.part import Part
from orgrollout.manifest.schema.rollout import Rollout
from orgrollout.manifest.schema.selection import Targets
from orgrollout.manifest.schema.service import Service
from orgrollout.manifest.schema.stack_sets import StackSet, Templates
from orgrollout.manifest.schema.waivers import Waiver
from orgrollout.manifest.text.forms import (
    AccountNumber,
    EventBusArn,
    Key,
    ManifestName,
    OrganizationNumber,
    TopicArn,
    WebhookPlace,
)
from orgrollout.manifest.text.values import (
    Names,
    journal_place,
    one_or_more,
    refusal,
    template_place,
)

Event = Literal["halted", "finished", "drift"]
PLACES = ("sns", "event_bus", "slack", "teams")


class Notification(Part):
    """Who is told of what."""

    written: ClassVar = 'Write {sns: "arn:...", on: [halted]}.'

    sns: TopicArn | None = None
    """The ARN of an SNS topic, in any Region."""
    event_bus: EventBusArn | None = None
    """The ARN of an EventBridge event bus, in any Region."""
    slack: WebhookPlace | None = None
    """Where the URL of an incoming webhook of Slack is: `env:NAME`, an environment variable, or the
    ARN of a secret of Secrets Manager. The URL itself is never in a manifest."""
    teams: WebhookPlace | None = None
    """The same for a workflow of Microsoft Teams that takes webhook requests."""
    on: Annotated[tuple[Event, ...], Field(min_length=1), BeforeValidator(one_or_more)]
    """`halted`: a rollout does not go on by itself; `finished`: it has ended; `drift`: something is
    not as deployed."""

    @model_validator(mode="after")
    def _goes_to_one_place(self) -> Self:
        given = [key for key in PLACES if getattr(self, key) is not None]
        if len(given) != 1:
            said = f"has {' and '.join(given)}." if given else "does not say where notices go."
            raise refusal(said, f"Give one of {', '.join(PLACES)}; write an entry for each place.")
        return self


class Manifest(Part):
    """What should be true in every account, and how it gets there."""

    version: Literal[1]
    """The version of this format: write `version: 1`."""
    name: ManifestName
    """The name of the manifest: it begins the name of every stack set, and marks them as its
    own."""
    organization: OrganizationNumber
    """The id of the organization, such as o-a1b2c3d4e5. In any other, nothing is done."""
    home_region: str | None = None
    """The Region that the stack sets live in. Required, unless every stack set goes to one and the
    same Region: then that is it. It is never taken from the shell."""
    call_as: Literal["auto", "self", "delegated_admin"] = "auto"
    """As whom service-managed stack sets are called; `auto` finds out."""
    behaviour: str | None = None
    """A file that `orgrollout confirm` wrote, relative to the manifest: how AWS behaves. It decides
    what `rollout.updates_by` leaves open."""
    journal: Annotated[str | None, BeforeValidator(journal_place)] = None
    """Where the state of rollouts is kept: a folder, a file, or `s3://BUCKET/PREFIX`. Default: the
    state directory of this machine."""
    template_bucket: Annotated[str | None, BeforeValidator(template_place)] = None
    """Where `apply` puts what is too large for a call, as `s3://BUCKET/PREFIX`: templates of more
    than 51,200 bytes, lists of more than ten stacks to import."""
    accounts: dict[str, AccountNumber] = Field(default={})
    """Names for accounts: {log_archive: "111122223333"}."""
    region_groups: dict[Key, Names] = Field(default={})
    """Names for lists of Regions."""
    target_groups: dict[str, Targets] = Field(default={})
    """Names for targets."""
    targets: Targets | None = None
    """Which accounts, for stack sets that say nothing else."""
    regions: Names | None = None
    """Which Regions, for stack sets that say nothing else: names of Regions, region groups, `home`,
    or `enabled`."""
    stack_sets: dict[Key, StackSet] = Field(min_length=1)
    """The stack sets, at least one, each under a key of its own."""
    templates: Templates = Templates()
    """What holds for all templates."""
    rollout: Rollout = Rollout()
    """How a plan is carried out."""
    guards: Guards = Guards()
    """What a plan may never do by accident."""
    drift: Drift = Drift()
    """How drift is looked at, what is left alone, what may be repaired by itself."""
    waivers: tuple[Waiver, ...] = ()
    """Deviations that are accepted for a time, each with its owner and its end."""
    notifications: tuple[Notification, ...] = ()
    """Who is told of what."""
    service: Service = Service()
    """What the service may carry out of it without a person."""
