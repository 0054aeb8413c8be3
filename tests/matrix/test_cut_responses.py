"""Every response of every command, cut at every tenth byte: no cut is an answer, none is quoted."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from orgrollout.sandbox.moto.bridge import Message
from tests.matrix.copies import in_a_copy
from tests.matrix.house import COMMANDS, House
from tests.matrix.replaying import Replay, asked, recorded

CUTTING_SECONDS = 600  # of real time
SAMPLE = frozenset({"AssumeRole", "GetCallerIdentity", "ListAccounts", "DescribeStackSetOperation"})


def cut_everywhere(
    house: House, folder: Path, commands: Iterable[str], only: frozenset[str] | None = None
) -> int:
    """Cut the responses to commands at every tenth byte, and return how many cuts there were.

    Of each operation one response, the longest: its cuts are told by the transport, which does not
    know what command it works for. Meant for a copy.
    """
    house.move(folder)
    with asked() as last:
        for command in commands:
            house.command(command)
    replay, secrets, cuts = Replay(), house.secrets(), 0
    for service, operation, parameters, whole in recorded(house, last):
        if only is not None and operation not in only:
            continue
        for end in range(0, len(whole.body.rstrip()), 10):
            replay.message = Message(whole.status, whole.headers, whole.body[:end])
            assert replay.refusal(service, operation, parameters, secrets), (operation, end)
            cuts += 1
    return cuts


def test_a_sample_of_responses_cut_at_every_tenth_byte_is_refused(
    house: House, tmp_path: Path
) -> None:
    cuts = in_a_copy(partial(cut_everywhere, house, tmp_path / "copy", ["resync"], SAMPLE))
    assert cuts > 100


@pytest.mark.exhaustive
@pytest.mark.slow
def test_every_response_cut_at_every_tenth_byte_is_refused(
    house: House, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    house.load("preflight")
    cuts = in_a_copy(
        partial(cut_everywhere, house, tmp_path / "copy", COMMANDS), patience=CUTTING_SECONDS
    )
    assert cuts > 1000
    record_property("cases", "all commands: cuts of responses")
    record_property("number", cuts)
