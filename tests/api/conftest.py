"""A small organization, and a client in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout import api
from orgrollout.sandbox import Sandbox
from tests.api.manifests import manifest
from tests.stage import organization


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(organization()) as made:
        yield made


@pytest.fixture
def client(sandbox: Sandbox, tmp_path: Path) -> Iterator[api.Client]:
    with api.connect(manifest(tmp_path), journal=tmp_path / "j", clock=sandbox.clock) as made:
        yield made
