from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout.sandbox import Sandbox
from tests.faulty import Faulty, between
from tests.stage import Stage, organization


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        yield Stage(sandbox, tmp_path)


@pytest.fixture
def faulty(stage: Stage) -> Iterator[Faulty]:
    """Return the proxy that changes responses of the sandbox."""
    with between(stage.sandbox) as made:
        yield made
