"""Shared by the matrices: their first organization, and the number of cases."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.matrix.house import House, a_house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give the organization that all cases begin with, each in a copy of its own."""
    with a_house(tmp_path_factory.mktemp("house")) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of successful cases of each kind that a test has recorded."""
    numbers: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        told = [value for name, value in report.user_properties if name in {"cases", "number"}]
        for kind, number in zip(told[::2], told[1::2], strict=True):
            numbers[str(kind)] += int(str(number))
    if numbers:
        terminalreporter.section("cases that went well")
        for kind, number in sorted(numbers.items()):
            terminalreporter.write_line(f"{number:>6,} {kind}")
