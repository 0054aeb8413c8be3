"""The operations that the sandbox answers itself, found by the names of methods."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import boto3

from orgrollout.sandbox.api.gateway import Handler
from orgrollout.sandbox.moto.bridge import Message
from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.service import Caller

_SPELLED = {"Aws": "AWS"}


def handlers_of(apis: Mapping[str, Sequence[object]]) -> dict[tuple[str, str], Handler]:
    """Return the handler of each operation; ``apis`` are the objects that answer for a service."""
    return {
        (service, operation): handler
        for service, several in apis.items()
        for api in several
        for operation, handler in _methods(api)
    }


def _methods(api: object) -> Iterator[tuple[str, Handler]]:
    """Yield the operations that an object answers: ``list_accounts`` is ListAccounts.

    A method of one word is no operation: other parts of the sandbox call it.
    """
    for name in dir(api):
        if "_" in name and not name.startswith("_"):
            operation = "".join(_SPELLED.get(word, word) for word in name.title().split("_"))
            yield operation, _paged(operation, getattr(api, name))


def _paged(operation: str, handler: Handler) -> Handler:
    def answered(caller: Caller, params: Mapping[str, Any]) -> dict[str, Any] | Message:
        with responses.asked(operation, caller.account, caller.region, params):
            return handler(caller, params)

    return answered


@cache
def regions_of(partition: str) -> frozenset[str]:
    """Return the Regions of a partition in which CloudFormation is: an account sees no others."""
    found = boto3.Session().get_available_regions("cloudformation", partition_name=partition)
    return frozenset(each for each in found if partition_of(each) == partition)
