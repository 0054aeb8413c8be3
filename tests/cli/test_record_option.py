"""`--record FILE`: every command that talks to AWS has it."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from orgrollout.cli.main import app
from orgrollout.exchange_record import Answer, Request, read_record
from tests.cli.support import Program
from tests.stage import DEV, PROD

# Its requests are sent by the sandbox, and not by the product.
NOT_RECORDED = {"sandbox init"}


def commands(group: Any, before: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield each command with its options."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", {str(each.name) for each in command.params}


def test_every_command_that_talks_to_aws_records() -> None:
    talking = {
        name: options
        for name, options in commands(typer.main.get_command(app))
        if "profile" in options and name not in NOT_RECORDED
    }

    assert len(talking) > 20
    assert [name for name, options in talking.items() if "record" not in options] == []


def test_a_rollout_is_recorded(patient: Program) -> None:
    file = patient.folder / "record.jsonl"
    ran = patient("apply", patient.manifest(), "--yes", "--format", "json", "--record", file)

    assert ran.code == 0
    assert ran.json["outcome"] == "succeeded"
    lines = list(read_record(file))
    sent = [line.operation for line in lines if isinstance(line, Request)]
    assert sorted(sent) == sorted(call.operation for call in patient.sandbox.calls)
    assert len([line for line in lines if isinstance(line, Answer)]) == len(sent)
    said = f"Recorded {len(sent)} requests in {file}, with names and ids replaced. Read it before"
    assert said in " ".join(ran.err.split())
    text = file.read_text()
    assert [account for account in (*PROD, *DEV) if account in text] == []
    assert "o-a1b2c3d4e5" not in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("there.jsonl", "the file exists, and was left alone. Nothing was done."),
        ("no/folder.jsonl", "it cannot be written: No such file or directory. Nothing was done."),
    ],
)
def test_a_file_that_cannot_be_made_is_refused_before_anything_is_sent(
    patient: Program, name: str, said: str
) -> None:
    (patient.folder / "there.jsonl").write_text("mine")
    ran = patient("plan", patient.manifest(), "--record", patient.folder / name)

    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert patient.sandbox.calls == []
    assert (patient.folder / "there.jsonl").read_text() == "mine"


def test_a_command_that_fails_leaves_what_was_recorded(patient: Program) -> None:
    """That is when a record is wanted."""
    file = patient.folder / "record.jsonl"
    manifest = patient.manifest(targets={"organizational_units": ["/None"]})
    ran = patient("plan", manifest, "--record", file)

    assert ran.code != 0
    assert any(isinstance(line, Answer) for line in read_record(file))
    assert "Recorded" in ran.out
