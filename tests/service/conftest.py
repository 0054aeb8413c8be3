"""A house for each test."""

from collections.abc import Iterator

import pytest

from tests.service.house import House, standing


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with standing(monkeypatch) as made:
        yield made
