"""A house for each test."""

from collections.abc import Iterator

import pytest

from tests.service.house import House, standing


@pytest.fixture
def house() -> Iterator[House]:
    with standing() as made:
        yield made
