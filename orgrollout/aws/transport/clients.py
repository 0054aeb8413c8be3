"""boto3's sessions and clients: made here, with timeouts set and botocore's own retries off."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
from botocore.exceptions import BotoCoreError, ProfileNotFound

from orgrollout.aws.transport import error_mapping
from orgrollout.aws.transport.clock import CONNECT_TIMEOUT, READ_TIMEOUT
from orgrollout.aws.transport.reads import only_reads
from orgrollout.errors import AwsConfigurationError, MissingRegionError, UnknownProfileError

_CONNECTIONS = 32  # to one host that are kept open; as many threads may look into accounts


def new_session(profile: str | None, region: str | None) -> boto3.Session:
    """Return a session by the standard credential chain.

    boto3 reads AWS_DEFAULT_REGION alone; AWS_REGION comes before it, as in the CLI and other SDKs.

    Raises:
        UnknownProfileError, AwsConfigurationError: As they say.
    """
    try:
        return boto3.Session(
            profile_name=profile, region_name=region or os.environ.get("AWS_REGION") or None
        )
    except ProfileNotFound as error:
        raise UnknownProfileError("connect", subject=str(error.kwargs["profile"])) from error
    except BotoCoreError as error:
        raise AwsConfigurationError("connect", str(error)) from error


class Clients:
    """One client per service and purpose, made when first asked for."""

    def __init__(
        self,
        session: boto3.Session,
        watch: Callable[[Any], None],
        region: str | None = None,
        *,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        """Make clients of ``session``, and show each to ``watch``; ``region`` wins over its own.

        All that make clients of the same session share one ``lock``.
        """
        if not region and not session.region_name:
            raise MissingRegionError("connect")
        self.region = region or str(session.region_name)
        self._session = session
        self._watch = watch
        self._made: dict[tuple[str, bool], Any] = {}
        # Making clients is not thread-safe; using them is.
        self._lock = lock or threading.Lock()

    def get(self, service: str, *, read_only: bool) -> Any:
        """Return the client for ``service``.

        Raises:
            AwsConfigurationError: A setting of this machine cannot be used.
            MissingCredentialsError, InvalidCredentialsError: The credential chain broke.
        """
        with self._lock:
            if (service, read_only) not in self._made:
                self._made[service, read_only] = self._new(service, read_only=read_only)
            return self._made[service, read_only]

    @property
    def callers_region(self) -> str | None:
        """Return the Region that the shell or the profile names, whatever was asked for."""
        own = self._session._session  # noqa: SLF001 - boto3 offers no other way to it
        named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return named or own.get_scoped_config().get("region")

    def assumed(self, credentials: Credentials) -> "Clients":
        """Return clients with other credentials, of roles that were assumed."""
        core = botocore.session.Session()
        # Reading the service models takes longer than anything else about a session.
        own = self._session._session  # noqa: SLF001 - boto3 offers no other way to it
        core.register_component("data_loader", own.get_component("data_loader"))
        core.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
        session = boto3.Session(botocore_session=core, region_name=self.region)
        return Clients(session, self._watch)

    def in_region(self, region: str) -> "Clients":
        """Return clients with the same credentials, in another Region."""
        return Clients(self._session, self._watch, region, lock=self._lock)

    def _new(self, service: str, *, read_only: bool) -> Any:
        config = Config(
            connect_timeout=CONNECT_TIMEOUT.total_seconds(),
            read_timeout=READ_TIMEOUT.total_seconds(),
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=_CONNECTIONS,
            user_agent_extra="orgrollout",
        )
        make: Any = self._session.client  # its type knows services by literal only
        try:
            client = make(service, region_name=self.region, config=config)
        except BotoCoreError as error:
            raise error_mapping.translate(error, service, "(client)", {}) from error
        except ValueError as error:  # e.g. an endpoint that is no URL
            raise AwsConfigurationError(service, str(error)) from error
        self._watch(client)
        if read_only:
            only_reads(client)
        return client


class _Given(CredentialProvider):
    """Credentials that are kept fresh elsewhere."""

    METHOD = "assume-role"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials
