"""A sandbox for each test, and a client in it."""

from collections.abc import Iterator

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import ORGANIZATION, cloudformation


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(ORGANIZATION) as started:
        yield started


@pytest.fixture
def client(sandbox: Sandbox) -> CloudFormationClient:
    return cloudformation(sandbox)
