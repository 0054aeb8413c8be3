"""Every command, with every response spoiled in every way: nothing removed, nothing let out.

The proxy stands between the program and the simulated organization. Each case is one command with
one operation whose responses are spoiled, once or always. What the transport takes for a broken
response of any kind has the same result beyond it: so each operation and kind is tried
there (`test_cut_responses`), and one of these kinds for each operation of a command.
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.matrix.copies import failure_texts, in_a_copy
from tests.matrix.house import COMMANDS, TOPIC_OF_NOTICES, House
from tests.matrix.replaying import refused_kinds
from tests.matrix.spoiling import Case, broken_alike, tried, usual, verdict

SAMPLE = (
    Case("plan", "ListAccounts", "empty"),
    Case("plan", "ListTagsForResource", "wrong json", 1),
    Case("plan", "DescribeStackSet", "html", 1),
    Case("apply", "ListTagsForResource", "stale"),
    Case("apply", "DescribeStackSetOperation", "cut", 1),
    Case("drift", "ListStackInstances", "stale"),
    Case("resync", "AssumeRole", "cut"),
)
SHARDS = {"apply": 3, "drift": 3, "resync": 5}  # 1 for the others, which take less time
PARTS = [(name, part) for name in COMMANDS for part in range(SHARDS.get(name, 1))]


def test_a_sample_of_spoiled_responses_does_no_harm(house: House, tmp_path: Path) -> None:
    """An empty page detached three accounts; AssumeRole's response was printed and kept."""
    expected = {
        command: in_a_copy(partial(usual, house, tmp_path / f"usual-{command}", command))
        for command in dict.fromkeys(case.command for case in SAMPLE)
    }
    for number, case in enumerate(SAMPLE):
        copy = tmp_path / f"case-{number}"
        in_a_copy(partial(tried, house, copy, case, expected[case.command]), name=str(case))


def test_everything_written_is_searched(house: House, tmp_path: Path) -> None:
    """All output: printed, saved, logged, kept in the journal, deleted from it, sent to others."""
    written = in_a_copy(partial(left_everywhere, house, tmp_path / "copy"))
    assert [n for n in range(6) if f"left-{n}-".encode() not in written] == []


def left_everywhere(house: House, folder: Path) -> bytes:
    house.move(folder)
    house.run("plan", "left-0-.yaml")
    for number, name in enumerate(("plan.json", "log"), 1):
        (folder / name).write_text(f"left-{number}-")
    with sqlite3.connect(next(folder.rglob("journal.sqlite"))) as journal:
        journal.execute("PRAGMA secure_delete = OFF")  # as other builds of SQLite have it
        journal.execute("CREATE TABLE kept (value TEXT)")
        journal.execute("INSERT INTO kept VALUES ('left-3-')")
    with journal:
        journal.execute("INSERT INTO kept VALUES ('left-4-')")
    with journal:
        journal.execute("DELETE FROM kept WHERE value = 'left-4-'")
    journal.close()
    with house.in_process():
        client = house.sandbox.session().client("sns")
        client.publish(TopicArn=TOPIC_OF_NOTICES, Message="left-5-")
    return house.all_written()


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize(("command", "part"), PARTS)
def test_every_response_spoiled_in_every_way_does_no_harm(
    house: House,
    tmp_path: Path,
    command: str,
    part: int,
    record_property: Callable[[str, object], None],
) -> None:
    house.load(command)
    expected = in_a_copy(partial(usual, house, tmp_path / "usual", command))
    again = in_a_copy(partial(usual, house, tmp_path / "again", command))
    assert verdict(expected.ran) == verdict(again.ran)  # or no comparison would be meaningful
    refused = in_a_copy(partial(refused_kinds, house, tmp_path / "replayed", command))
    every = list(expected.cases(command))
    chosen = broken_alike(every, refused)
    mine = chosen[part :: SHARDS.get(command, 1)]
    failures = failure_texts(
        partial(
            in_a_copy,
            partial(tried, house, tmp_path / f"case-{number}", case, expected),
            name=str(case),
        )
        for number, case in enumerate(mine)
    )
    assert not failures, "\n\n".join(failures)
    assert len(every) > 80
    record_property("cases", f"{command}: spoiled responses of the command run")
    record_property("number", len(mine))
    if part == 0:
        record_property("cases", f"{command}: spoiled responses refused by the transport")
        record_property("number", len(every) - len(chosen))
