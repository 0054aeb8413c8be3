"""The log lines that the documentation shows are such as are written."""

from pathlib import Path

from tests.docs.logs import PAGE, logged, shown, steady


def test_the_log_lines_of_the_docs_are_written_by_a_rollout(tmp_path: Path) -> None:
    """`python -m tests.docs.logs` brings them up to date."""
    lines = shown(PAGE.read_text(encoding="utf-8"))

    assert len(lines) == 4
    assert {steady(line) for line in lines} <= {steady(line) for line in logged(tmp_path)}
