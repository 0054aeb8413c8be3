from pathlib import Path

import pytest

from tests.organization.small import Load, loader


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)
