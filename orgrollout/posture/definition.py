"""What a module in ``checks/`` says about its check. Everything else is derived from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from orgrollout.errors import AwsError
from orgrollout.model.ids import AccountId
from orgrollout.posture.seen import PostureSeen

T = TypeVar("T")
ACCOUNT = "${AWS::AccountId}"  # in ``Call.resource``: the account that is called


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API operation that is called in member accounts."""

    api: str  # service:Operation, by the names of boto3
    # What IAM limits the action to: an ARN without its beginning `arn:PARTITION:`. Empty: the
    # service authorization reference names no resource type for the action.
    resource: str = ""
    items: str = ""  # of a read with pages: the member of the response that lists the items
    # Members that AWS's response always has; a response without them is not believed. Every list
    # is written with [], as in `FlowLogs[].FlowLogId`.
    always: tuple[str, ...] = ()
    echoes: Mapping[str, str] | None = None  # member of the response: the parameter it repeats
    action: str = ""  # the IAM action, where its name is not that of the operation

    @property
    def service(self) -> str:
        """Return the service, by boto3's name."""
        return self.api.partition(":")[0]

    @property
    def operation(self) -> str:
        """Return the operation's name."""
        return self.api.partition(":")[2]

    @property
    def iam_action(self) -> str:
        """Return the action that a policy has to allow."""
        return self.action or self.api


class Reader(Protocol):
    """What a check reads an account and Region through. It sends the calls of its check only."""

    @property
    def account(self) -> AccountId:
        """Return the account that is read."""

    def one(self, call: Call, **parameters: Any) -> dict[str, Any]:
        """Return the response to a request, which is sent once for all checks.

        Raises:
            AwsError: It could not be read.
        """

    def all(self, call: Call, **parameters: Any) -> list[dict[str, Any]]:
        """Return the items of all pages, which are read once for all checks.

        Raises:
            AwsError: They could not be read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What tells of which subject the thing was that a request deletes."""

    made_by: str  # the operation that makes such a thing: it names the subject, and has the id
    prefix: str  # of the ids of such things


class Meaning(Enum):
    """What an argument stands for, if it is more than a text."""

    RESOURCE = "the logical id of a resource, whose content is compared"
    OUTPUT = "the name of an output; the check gets the output's value"
    # Not written in templates, but filled in, each beside a RESOURCE:
    STACK = "the id of the stack, if it is known"
    CONTENT = "the digest of the resource's content, if it can be worked out"


_FILLED_IN = {Meaning.STACK, Meaning.CONTENT}


class Arguments(BaseModel):
    """The arguments of a check; each field has a description."""

    model_config = ConfigDict(frozen=True, extra="ignore")


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairCall(Generic[A]):
    """The one call that repairs a broken check."""

    call: Call
    request: Callable[[A, tuple[str, ...]], dict[str, Any]]  # for some subjects, by id
    needs: str = ""  # the argument without which nothing is repaired
    limits: str = ""  # for the documentation: when it is called, what comes before
    progress: tuple[Call, ...] = ()  # reads that tell how the repair went


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheck(Generic[A]):
    """A check that templates may ask for."""

    name: str  # as templates write it
    noun: str  # what it looks at, in the plural: recorders
    arguments: type[A]
    reads: tuple[Call, ...]
    look: Callable[[Reader, A], PostureSeen]
    # For the documentation: when the check is ok, broken and unknown, and what helps if no call
    # repairs it.
    ok: str
    broken: str
    unknown: str
    advice: str = ""
    repair: RepairCall[A] | None = None
    told_by: str = ""  # the argument that tells two checks of this name apart
    calls: int = 1  # that one look takes, if nothing is wrong
    has_one_subject: bool = True  # a recorder, a rule; not as many as there are VPCs
    is_aggregated: bool = False  # an aggregator of AWS Config may know that its `rule` is fine
    # It is what `rule` found when it was evaluated last: that comes first, and again at the end.
    is_judged_by_rule: bool = False
    shows_delivery: bool = False  # it tells whether what is recorded reaches the archive
    counts_flow_logs: bool = False  # it tells how many would be made, replaced and left
    is_recreated: bool = False  # no call repairs its resource; a new stack does
    # Operations of the service it reads that break it, and name the subject in their request.
    broken_by: tuple[str, ...] = ()
    link: Link | None = None  # the first of them names something that was made for the subject

    @property
    def event_service(self) -> str:
        """Return the service that records the events of ``broken_by`` in CloudTrail."""
        return self.reads[-1].service

    @property
    def fields(self) -> Mapping[str, FieldInfo]:
        """Return the arguments that templates may write."""
        model: type[BaseModel] = self.arguments
        return {n: f for n, f in model.model_fields.items() if not _FILLED_IN & {*_meanings(f)}}

    @property
    def required(self) -> tuple[str, ...]:
        """Return the arguments that templates must write."""
        return tuple(name for name, field in self.fields.items() if field.is_required())

    def meaning(self, meaning: Meaning) -> str | None:
        """Return the argument that stands for something, if there is one."""
        model: type[BaseModel] = self.arguments
        found = (n for n, f in model.model_fields.items() if meaning in _meanings(f))
        return next(found, None)

    @property
    def all_reads(self) -> tuple[Call, ...]:
        """Return every read, those included that tell how a repair went."""
        return self.reads + (self.repair.progress if self.repair else ())


def _meanings(field: FieldInfo) -> Iterable[Meaning]:
    return [each for each in field.metadata if isinstance(each, Meaning)]


def none_if(code: str, ask: Callable[[], T]) -> T | None:
    """Return what ``ask`` returns, or None where AWS answers with the error ``code``."""
    try:
        return ask()
    except AwsError as error:
        if error.code == code:
            return None
        raise


def words(code: str | None, message: str | None) -> str:
    """Return an error's code and message, as far as there are any."""
    return ": ".join(part for part in (code, message) if part)
