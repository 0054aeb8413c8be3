"""Every error a user may meet. Each says what happened, how things stand, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


class OrgRolloutError(Exception):
    """Something went wrong that a user can do something about."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a manifest or a template, and where. Lines and columns count from 1."""

    message: str
    file: str
    line: int | None = None
    column: int | None = None
    field: str = ""  # dotted path, e.g. stack_sets.config.regions[0]
    fix: str = ""
    severity: Literal["error", "warning", "informational"] = "error"

    def __str__(self) -> str:
        place = ":".join(str(p) for p in (self.file, self.line, self.column) if p is not None)
        field = f"{self.field}: " if self.field else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{place}: {field}{self.message}{fix}"


class ManifestError(OrgRolloutError):
    """The manifest, or what it refers to, cannot be used. Nothing was sent to AWS."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


_READ = "The call only reads; nothing was started or changed by it."
_WRITE = (
    "Whether AWS carried it out is not known; repeating is safe, since every operation carries its "
    "own id."
)


_REFUSED_READ = (
    "{api}{about} was refused: {said} The call only reads: it started nothing, and does not tell "
    "what was started before."
)


def is_read(api: str) -> bool:
    """Return whether a call, as in ``cloudformation:DescribeStackSet``, changes nothing."""
    return api.partition(":")[2].startswith(("Assume", "Describe", "Get", "Head", "List"))


class AwsError(OrgRolloutError):
    """AWS, or the way to it, refused a request.

    ``api`` is what was called, as in ``cloudformation:CreateStackSet``; ``subject`` what it was
    called for (a stack set's name, a profile); ``said`` AWS's own words, without parameter values.
    """

    text: ClassVar[str] = "{api} failed{about}: {said} Nothing more was sent."
    text_of_read: ClassVar[str] = ""  # instead, where what failed only reads
    is_of_delegation: ClassVar[bool] = False  # registering the caller's account helps

    def __init__(self, api: str, said: str = "", *, subject: str = "", code: str = "") -> None:
        about = f" for {subject}" if subject else ""
        quoted = said if not said or said.endswith((".", "!", "?")) else f"{said}."
        reads = is_read(api)
        effect = _READ if reads else _WRITE
        super().__init__(
            ((reads and self.text_of_read) or self.text)
            .format(api=api, said=quoted, subject=subject, about=about, code=code, effect=effect)
            .strip()
        )
        self.api = api
        self.said = said
        self.subject = subject
        self.code = code


class CredentialsError(AwsError):
    """The caller has no credentials that AWS accepts."""


class MissingCredentialsError(CredentialsError):
    """The credential chain gives nothing."""

    text = (
        "no AWS credentials were found; nothing was sent. Name a profile with --profile, set "
        "AWS_PROFILE, or sign in with `aws sso login` or `aws login`. {said}"
    )


class InvalidCredentialsError(CredentialsError):
    """Credentials were found, and AWS does not accept them."""

    text = (
        "AWS does not accept these credentials ({api}): {said} They have expired, or belong to a "
        "Region or partition that does not know them. Sign in again, then repeat the command; a "
        "rollout that was started goes on with `orgrollout resume`."
    )


class UnknownProfileError(AwsError):
    """A profile was named that no configuration file has."""

    text = (
        "profile {subject} is in neither ~/.aws/config nor ~/.aws/credentials. "
        "`aws configure list-profiles` shows those that are."
    )


class MissingRegionError(AwsError):
    """Nothing says where the stack sets live."""

    text = (
        "no home Region is set. Stack sets are Regional: name theirs with --home-region, "
        "AWS_REGION, or `home_region` in the manifest."
    )


class AwsConfigurationError(AwsError):
    """The AWS configuration of this machine cannot be used as it is."""

    text = "the AWS configuration cannot be used: {said} Fix ~/.aws/config or the environment."


class WebhookError(AwsError):
    """A webhook of a chat did not take a notice; the way to it is not AWS's."""

    text = "{said}"


class PassingError(AwsError):
    """A transient failure: the request was neither accepted nor rejected."""


class UnreachableError(PassingError):
    """No answer came, or none that could be read, however often it was tried."""

    text = (
        "no answer to {api}{about}: {said} Whether AWS received the request is not known. Check "
        "network, proxy, Region and AWS_ENDPOINT_URL; repeating is safe, since every operation "
        "carries its own id."
    )


class BrokenResponseError(PassingError):
    """A response came that cannot be one of AWS to this request, however often it was tried.

    It is no answer: nothing is concluded from it, and nothing of it is quoted.
    """

    text = (
        "{api}{about} got a broken response, however often it was tried: {said} {effect} Something "
        "between here and AWS cuts or replaces responses: check proxy, network and "
        "AWS_ENDPOINT_URL."
    )


class ReadOnlyError(AwsError):
    """A connection that only reads was asked to write. Nothing was sent."""

    text = "{api} would write, and this connection only reads; it was not sent."


class InvalidRequestError(AwsError):
    """A request does not fit the API. Nothing was sent."""

    text = "{api}{about} was not sent, since its parameters do not fit the API: {said}"


class AccessDeniedError(AwsError):
    """The caller lacks a permission. ``action`` is the one to allow."""

    text = (
        "{api}{about} was denied: {said} Allow {code} to the caller, and see that no service "
        "control policy or permissions boundary denies it."
    )

    def __init__(self, api: str, said: str = "", *, subject: str = "", action: str = "") -> None:
        super().__init__(api, said, subject=subject, code=action or api)
        self.action = action or api


class OrganizationDeniedError(AccessDeniedError):
    """The caller may not read the organization."""

    text = (
        "{api} was denied: {said} Only the management account and its delegated administrators "
        "read an organization, and only with a policy that allows {code}. Use such an account, "
        "or let the management account register this one."
    )
    is_of_delegation = True


class NotInOrganizationError(AwsError):
    """The caller's account belongs to no organization."""

    text = (
        "the caller's account is in no organization ({api}), so there is nothing to roll out to. "
        "Use credentials of the management account or of a delegated administrator."
    )


class OrganizationChangedError(AwsError):
    """Accounts or units moved, twice, while the organization was read. Nothing was changed."""

    text = (
        "the organization changed while it was read, twice in a row: {said} Nothing was changed; "
        "repeat the command once no accounts are being moved."
    )


class OrganizationsAccessError(AwsError):
    """CloudFormation may not work in the organization yet."""

    text = (
        "{api}{about} was refused: {said} CloudFormation has no trusted access to the "
        "organization. In the management account run `aws cloudformation "
        "activate-organizations-access`; enabling it on the side of Organizations alone is not "
        "enough."
    )


class NotDelegatedAdminError(AwsError):
    """The caller's account may not administer service-managed stack sets."""

    text = (
        "{api}{about} was refused: {said} Service-managed stack sets are run from the management "
        "account or by a delegated administrator. In the management account run `aws organizations "
        "register-delegated-administrator --service-principal "
        "member.org.stacksets.cloudformation.amazonaws.com --account-id ACCOUNT`, or use "
        "`permission_model: SELF_MANAGED`. The management account itself is called with `call_as: "
        "self`."
    )
    is_of_delegation = True


class StackSetNotFoundError(AwsError):
    """There is no such stack set where it was looked for."""

    text = (
        "stack set {subject} does not exist here ({api}). Stack sets are seen in their home "
        "Region only, and service-managed ones from a delegated administrator only with "
        "`call_as: delegated_admin`. Run `orgrollout plan` again."
    )


class StackSetExistsError(AwsError):
    """A stack set of that name exists, and is not the one that was to be created."""

    text = (
        "stack set {subject} exists already, and differs from what was to be created; it was left "
        "alone. Run `orgrollout plan` again; one that is not ours takes `adopt: true`."
    )


class StackSetNotEmptyError(AwsError):
    """A stack set still has stack instances, so it cannot be deleted."""

    text = (
        "stack set {subject} still has stack instances and was not deleted. Run `orgrollout plan` "
        "again: it removes them first."
    )


class StackInstanceNotFoundError(AwsError):
    """One of the stack instances an operation names is gone. The operation did not start."""

    text_of_read = _REFUSED_READ
    text = (
        "{api} for {subject} names a stack instance that does not exist: {said} Nothing was "
        "started. Run `orgrollout plan` again."
    )


class OperationNotFoundError(AwsError):
    """A stack set has no operation of that id."""

    text = "stack set {subject} has no such operation ({api}): {said}"


class OperationExistsError(AwsError):
    """An operation of that id was started before."""

    text = "stack set {subject} has an operation of this id already ({api}); nothing was started."


class OperationIdIgnoredError(AwsError):
    """An operation was started, and under another id than the one that was sent.

    CloudFormation takes OperationId as the id, and starts nothing twice under it. Where that does
    not hold, no operation can be followed, repeated or stopped.
    """

    text = (
        "{api}{about} started an operation under an id of the endpoint's own, {code}: it ignores "
        "OperationId, as emulators do (moto, LocalStack) and CloudFormation does not. That "
        "operation goes on there, and nothing more is sent. See AWS_ENDPOINT_URL; to rehearse, use "
        "`--sandbox`, or `orgrollout sandbox serve`."
    )


class OperationInProgressError(AwsError):
    """The stack set is busy with another operation; nothing was started."""

    text = (
        "stack set {subject} is busy with another operation, so {api} started nothing: {said} "
        "Wait until that one ends, then run `orgrollout resume`."
    )


class InvalidOperationError(AwsError):
    """CloudFormation does not do this in the present state. Nothing was started."""

    text_of_read = _REFUSED_READ
    text = "{api}{about} does not go as things stand, and nothing was started: {said}"


class RejectedError(AwsError):
    """CloudFormation does not accept a template, its parameters or its capabilities."""

    text_of_read = _REFUSED_READ
    text = (
        "CloudFormation rejects what was sent{about} ({api}), and nothing was started: {said} "
        "Fix the template or the manifest; `orgrollout validate` finds most of this offline."
    )


class NotStartedError(AwsError):
    """AWS Config took a request, and did not start all that it asks for."""

    text = "{api} did not start everything: {said}"
    resources: tuple[str, ...] = ()  # that it did not start for


class QuotaError(AwsError):
    """A quota of the account or the stack set is used up."""

    text_of_read = _REFUSED_READ
    text = (
        "{api}{about} meets a quota: {said} Nothing was started. Ask for more in Service Quotas, "
        "remove what is not needed, or split the stack set by Region."
    )


class UnavailableError(PassingError):
    """AWS answered with a failure of its own (HTTP 5xx), however often it was asked."""

    text = (
        "{api}{about} failed on the side of AWS, however often it was tried: {said} Whether it did "
        "anything is not known; repeating is safe, since every operation carries its own id. A "
        "rollout that was started goes on with `orgrollout resume`."
    )


class NotOfferedError(AwsError):
    """The endpoint has no such API (HTTP 501), like the sandbox for what it does not simulate."""

    text = (
        "{api}{about} is not offered by this endpoint: {said} Nothing was started by this call. "
        "docs/sandbox.md lists what the sandbox answers."
    )


class ThrottledError(PassingError):
    """AWS throttled a call for longer than is worth waiting."""

    text = (
        "{api}{about} was throttled however often it was tried: {said} Others use the same API in "
        "this account and Region; wait a few minutes and run the command again."
    )


class BucketError(OrgRolloutError):
    """What is too large for a call cannot be put where CloudFormation reads it.

    Nothing was started.
    """
