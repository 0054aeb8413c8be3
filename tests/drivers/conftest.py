from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout.sandbox import Sandbox
from tests.drivers.house import House, house_at
from tests.stage import Stage, organization


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        yield Stage(sandbox, tmp_path)


@pytest.fixture(params=["sqlite", "s3"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    with house_at(request.param, tmp_path, monkeypatch) as made:
        yield made
