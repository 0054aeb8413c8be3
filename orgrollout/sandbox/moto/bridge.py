"""The one door to moto: its request handling, its state, and objects in its buckets.

Requests are handed to the function behind moto's own botocore stub and carry the header in which
moto looks for the account. Three of moto's rules for names are set right, and what its topics send
does not leave this machine.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, ClassVar
from urllib.parse import urlparse

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import UnknownServiceError
from moto.cloudformation import parsing
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.models import botocore_stubber
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.iam.models import SERVICE_NAME_CONVERSION
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends
from werkzeug.exceptions import NotFound

from orgrollout.sandbox.errors import SandboxError, validation
from orgrollout.sandbox.moto import bucket_names, partition_names, topic_deliveries
from orgrollout.sandbox.moto.resource_types import REMEDIATIONS
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.partitions import domains

LOCK = RLock()
"""moto is not safe for threads, and neither is the engine: one call at a time."""

# moto would call the role of AWS Config AWSServiceRoleForconfig.
SERVICE_NAME_CONVERSION.setdefault("config", "Config")

_LONGEST_NAMES = {"AWS::IAM::Role": 64, "AWS::IAM::User": 64}
"""Names that CloudFormation makes up fit in (IAM API reference); moto's are longer."""
_moto_name = parsing.generate_resource_name


def _fitting_name(resource_type: str, stack_name: str, logical_id: str) -> str:
    longest = _LONGEST_NAMES.get(resource_type)
    made = _moto_name(resource_type, stack_name, logical_id)
    if longest is None or len(made) <= longest:
        return made
    rest = f"-{logical_id[:24]}-{made.rsplit('-', 1)[-1]}"
    return f"{stack_name[: longest - len(rest)].rstrip('-')}{rest}"


parsing.generate_resource_name = _fitting_name
bucket_names.install()
partition_names.install()
topic_deliveries.install()

ACCOUNT_HEADER = "x-moto-account-id"


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# What moto keeps besides its backends.
_GLOBALS: tuple[dict[Any, Any], ...] = (
    s3_backends.bucket_accounts,
    organizations_backends.master_accounts,
    REMEDIATIONS,
)


class MotoState:
    """moto's state as one sandbox has it.

    moto keeps a single state per process. Each sandbox has its own, which is put in place
    whenever the sandbox works; so a server and a sandbox in process do not meet.
    """

    _in_place: ClassVar["MotoState | None"] = None

    def __init__(self) -> None:
        self._backends: dict[BackendDict[Any], dict[str, Any]] = {}
        self._globals: list[dict[Any, Any]] = [{} for _ in _GLOBALS]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put this state in place in moto; every other caller waits."""
        with LOCK:
            before = MotoState._in_place
            if before is not self:
                if before is not None:
                    before._take()  # noqa: SLF001
                _clear()
                self._put()
                MotoState._in_place = self
            yield

    def forget(self) -> None:
        """Forget this state for good, files that moto keeps open included."""
        with self.in_place():
            BackendDict.reset()
            _clear()
            reset_model_data()
            MotoState._in_place = None
            self._backends, self._globals = {}, [{} for _ in _GLOBALS]

    def _take(self) -> None:
        self._backends = {each: dict(each.items()) for each in _used()}
        self._globals = [dict(each) for each in _GLOBALS]

    def _put(self) -> None:
        for backend, kept in self._backends.items():
            backend.update(kept)
            _used().append(backend)
        for each, values in zip(_GLOBALS, self._globals, strict=True):
            each.update(values)


def _used() -> list[BackendDict[Any]]:
    """Return moto's own list of the services that have state."""
    return BackendDict._instances  # type: ignore[misc]  # noqa: SLF001


def _clear() -> None:
    """Empty moto, without resetting what may be kept for later."""
    for backend in _used():
        backend.clear()
    _used().clear()
    for each in _GLOBALS:
        each.clear()


def forward(
    account: str, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Message:
    """Return moto's answer to a request of ``account``.

    Raises:
        SandboxError: moto does not know the service.
    """
    sent = HTTPHeaders()
    for key, value in headers.items():
        sent[key] = value
    sent[ACCOUNT_HEADER] = account
    request = AWSPreparedRequest(
        method=method, url=_as_moto_knows(url), headers=sent, body=body, stream_output=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = botocore_stubber.process_request(request)
    if answer is None:
        raise SandboxError(f"the sandbox has no answer to {method} {url}")
    status, answered, content = answer
    encoded = content.encode() if isinstance(content, str) else bytes(content or b"")
    return Message(status, {str(k): str(v) for k, v in answered.items()}, encoded)


def _as_moto_knows(url: str) -> str:
    """Return a URL with a host of the partition ``aws``; moto knows few of the others.

    moto takes the Region from the host, and for IAM, whose hosts name none, from the signature.
    """
    parts = urlparse(url)
    domain = next((each for each in domains() if parts.netloc.endswith(f".{each}")), None)
    if domain is None:
        return url
    host = "iam" if parts.netloc.startswith("iam.") else parts.netloc.removesuffix(f".{domain}")
    return parts._replace(netloc=f"{host}.amazonaws.com").geturl()


def operation_of(service: str, method: str, url: str, headers: Mapping[str, str]) -> str:
    """Return which operation of a REST service a request is, or its method and path."""
    # Method and path tell the operation; by the type of the content moto would judge the protocol.
    others = {key: value for key, value in headers.items() if key.lower() != "content-type"}
    try:
        request = Request.from_primitives(method, url, others)
        operation, _ = get_service_router(service).match(request)
    except (NotFound, UnknownServiceError, NotImplementedError):
        # There is no such route, or no such service. It is answered as moto answers it, and stands
        # in the account of calls under what was asked.
        return f"{method} {urlparse(url).path}"
    return str(operation.name)


def read_object(account: str, partition: str, url: str) -> str:
    """Return the text of an object in a simulated bucket.

    Raises:
        ApiError: ValidationError, if there is no such object.
    """
    parsed = urlparse(url)
    host, path = parsed.netloc, parsed.path.lstrip("/")
    if host.startswith(("s3.", "s3-")) or parsed.scheme == "s3":
        bucket, key = (host, path) if parsed.scheme == "s3" else path.split("/", 1)
    else:
        bucket, key = host.split(".s3", 1)[0], path
    for owner in (account, *list(s3_backends)):
        backend = s3_backends[owner][partition]
        if bucket in backend.buckets:
            found = backend.get_object(bucket, key)
            if found is not None:
                return bytes(found.value).decode()
    raise validation(f"S3 error: Access Denied or not found: {url}")


def mirror(organization: Organization) -> None:
    """Give moto's Organizations the tree, for the calls (policies) that it answers itself.

    moto makes up its ids, so they are overwritten; what exists already is left alone.
    """
    backend = organizations_backends[organization.management_account_id][organization.partition]
    if backend.org is None:
        backend.create_organization(region=organization.home_region, FeatureSet="ALL")
        own: Any = backend.org
        own.id, own.root_id = organization.id, organization.root_id
        backend.ou[0].id = organization.root_id
    known = {each.id for each in backend.ou} | {each.id for each in backend.accounts}
    for unit in organization.units.values():
        if unit.id not in known:
            backend.create_organizational_unit(Name=unit.name, ParentId=unit.parent_id)
            backend.ou[-1].id = unit.id
    for account in organization.accounts.values():
        if account.id not in known:
            backend.create_account(AccountName=account.name, Email=account.email)
            backend.accounts[-1].id = account.id
            backend.accounts[-1].parent_id = account.parent_id
