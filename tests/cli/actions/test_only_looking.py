"""Reading commands change nothing: checked by the calls that CloudFormation received."""

import pytest

from tests.cli.support import Program
from tests.stage import DEV, PROD, US


@pytest.fixture
def busy(program: Program) -> Program:
    """A deployed baseline, and reasons to do something about it."""
    program("apply", program.manifest(), "--yes")
    program.sandbox.suspend(DEV[0])
    program.sandbox.move(PROD[0], "/Lab")
    program.sandbox.add_account("newcomer", "/Dev")
    program.sandbox.calls.clear()
    return program


LOOKING = (
    ("plan",),
    ("plan", "--pairs", "--format", "markdown"),
    ("plan", "--destroy", "--allow-removals", "9"),
    ("plan", "--allow-removals", "0"),  # refused
    ("plan", "--out", "FILE"),
    ("plan", "--refresh", "full"),
    ("coverage",),
    ("drift",),
    ("drift", "--history"),
    ("bootstrap",),
    ("validate",),
)


def test_no_reading_command_sends_a_write(busy: Program) -> None:
    file = str(busy.folder / "saved.plan")
    for name, *options in LOOKING:
        before = len(busy.sandbox.calls)

        run = busy.alone if name == "validate" else busy  # which makes no call
        ran = run(name, busy.manifest(), *(file if o == "FILE" else o for o in options))

        assert ran.code in {0, 1, 3}, ran.err
        assert name == "validate" or len(busy.sandbox.calls) > before, options
        assert [c.operation for c in busy.sandbox.calls if c.is_write] == [], (name, options)
    assert busy("explain", busy.manifest(), PROD[1], US).code == 0
    assert [c.operation for c in busy.sandbox.calls if c.is_write] == []


@pytest.mark.slow
def test_destroying_is_planned_and_then_carried_out_from_the_file(busy: Program) -> None:
    """Offboarding takes two steps and a number, so that it does not happen by mistake."""
    file = busy.folder / "gone.plan"
    manifest = busy.manifest()

    refused = busy("plan", manifest, "--destroy")
    narrowed = busy("plan", manifest, "--destroy", "--account", "p1")
    planned = busy("plan", manifest, "--destroy", "--allow-removals", 9, "--out", file)
    applied = busy("apply", file)

    assert refused.code == 1
    assert "--allow-removals 6" in refused.err
    assert narrowed.code == 2
    assert "deleted: topics: the stack set base-topics itself" in planned.out
    assert "what stays: the stacks and all they made" in planned.out
    assert f"stack instances in {DEV[0]}, which can be deployed to no more" in planned.out
    assert applied.code == 0
    assert busy("plan", busy.manifest(), "--destroy", "--detailed-exitcode").code == 0
