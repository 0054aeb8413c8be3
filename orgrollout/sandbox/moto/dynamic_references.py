"""Dynamic references: ``{{resolve:ssm:...}}`` and those to secrets, ssm-secure and secretsmanager.

Those to Parameter Store are followed. A secret has to exist, and its value is not put in place: it
would show in drift and in the resources.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from orgrollout.sandbox.moto.intrinsics import TemplateError
from orgrollout.sandbox.moto.resource_errors import AWS_ERRORS
from orgrollout.sandbox.organization.model import derive

_PLAIN = re.compile(r"\{\{resolve:ssm:([^:}]+)(?::\d+)?\}\}")
_SECURE = re.compile(r"\{\{resolve:ssm-secure:([^:}]+)(?::\d+)?\}\}")
_SECRET = re.compile(r"\{\{resolve:secretsmanager:(arn:(?:[^:}]*:){5}[^:}]+|[^:}]+)(:[^}]*)?\}\}")
NOT_FOUND = (
    "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; "
    "Status Code: 400; Error Code: ResourceNotFoundException; Request ID: {request}; Proxy: null)"
)
"""As CloudFormation says it (cloudformation-coverage-roadmap, issue 1187)."""
NO_KEY = "Could not find a value associated with JSONKey in SecretString"
"""The same (issue 1822)."""
Place = tuple[str, str]


def followed(value: Any, place: Place) -> Any:
    """Return a value with its references to Parameter Store followed.

    Raises:
        TemplateError: There is no such parameter.
    """
    if isinstance(value, dict):
        return {key: followed(each, place) for key, each in value.items()}
    if isinstance(value, list):
        return [followed(each, place) for each in value]
    if not isinstance(value, str) or "{{resolve:ssm:" not in value:
        return value
    return _PLAIN.sub(lambda found: _parameter(found, place), value)


def check_secrets(value: Any, place: Place) -> None:
    """Check that every secret exists that a value refers to.

    CloudFormation finds out when it creates or changes a resource, and not in a change set.

    Raises:
        TemplateError: A secret, its key, or a secure parameter does not exist.
    """
    for text in _texts(value):
        for found in _SECURE.finditer(text):
            _parameter(found, place)
        for found in _SECRET.finditer(text):
            _check_secret(found[1], (found[2] or "").split(":")[1:], place)


def stored(name: str, place: Place) -> str:
    """Return the value of a parameter in Parameter Store.

    Raises:
        TemplateError: There is no such parameter.
    """
    account, region = place
    try:
        found = ssm_backends[account][region].get_parameter(name)
    except Exception:  # noqa: BLE001 - moto reads public parameters from files it may lack
        found = None
    if found is None:
        message = f"Unable to fetch parameters [{name}] from parameter store for this account."
        raise TemplateError(message)
    return str(found.value)


def _parameter(found: re.Match[str], place: Place) -> str:
    try:
        return stored(found[1], place)
    except TemplateError:
        named = found[0].removeprefix("{{resolve:").removesuffix("}}")
        raise TemplateError(f"Parameters: [{named}] cannot be found.") from None


def _check_secret(name: str, rest: list[str], place: Place) -> None:
    """Check a secret and its key; ``rest`` is kind, JSON key, version stage and version id."""
    _, key, stage, version = [*rest, "", "", "", ""][:4]
    account, region = place
    try:
        backend: Any = secretsmanager_backends[account][region]
        value = backend.get_secret_value(name, version or None, stage or None)
    except AWS_ERRORS as error:
        raise TemplateError(NOT_FOUND.format(request=_request_of(name))) from error
    if key and key not in _keys(value.get("SecretString")):
        raise TemplateError(NO_KEY)


def _keys(text: Any) -> frozenset[str]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(found) if isinstance(found, dict) else frozenset()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "{{resolve:" in value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _request_of(name: str) -> str:
    text = derive(32, "secret", name, alphabet="0123456789abcdef")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
