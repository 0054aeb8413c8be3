"""`confirm` that is interrupted, or meets an error: what is written, and what is said."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.cli.support import Program
from tests.confirm.altered import altered
from tests.stage import DEV, EU

NAMES = ("omitted_parameters", "overrides_stored")
SAID = "an error that nothing foresaw: LookupError (--debug shows where)"


def breaks(operation: str, _: Mapping[str, Any], __: dict[str, Any]) -> None:
    if operation == "UpdateStackInstances":
        raise LookupError(DEV[0])


def confirmed(program: Program, *more: object) -> tuple[object, ...]:
    only = [word for name in NAMES for word in ("--only", name)]
    out = program.folder / "behaviour.yaml"
    there = ("--account", DEV[0], "--second-region", EU)
    return ("confirm", *there, "--out", out, *only, "--yes", *more)


def written(program: Program) -> Any:
    return yaml.safe_load((program.folder / "behaviour.yaml").read_text())["behaviour"]


def accepted(program: Program, operation: str) -> int:
    calls = (call for call in program.sandbox.calls if call.operation == operation)
    return sum(not call.error for call in calls)


def test_one_experiment_breaks_and_the_others_go_on(
    patient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered(monkeypatch, breaks)

    ran = patient(*confirmed(patient))
    again = patient(*confirmed(patient, "--debug"))

    assert ran.code == again.code == 3, ran.err
    assert SAID in ran.out
    assert "2 experiments: 1 confirmed, 0 otherwise and 1 could not tell." in ran.out
    assert "Traceback" not in ran.err
    assert "Traceback" in again.err
    assert written(patient) == {"omitted_parameters": "keep"}
    gone = accepted(patient, "DeleteStackSet")
    assert gone == accepted(patient, "CreateStackSet") == 4


@pytest.mark.parametrize("code", [130, 1])
def test_whatever_ends_it_answers_stay_and_clean_is_named(
    patient: Program, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def ends(operation: str, *_: object) -> None:
        if operation == "DeleteStackSet":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if code == 130:
            altered(patched, ends)
        else:  # outside of all experiments
            patched.setattr("orgrollout.reconcile.confirm.run.folded", lambda _: 1 / 0)
        ran = patient(*confirmed(patient))

    assert ran.code == code
    assert "may still be there. `orgrollout confirm --clean --sandbox" in ran.err
    assert (
        written(patient).items()
        <= {
            "omitted_parameters": "keep",
            "overrides_stored": "at_start",
        }.items()
    )
    assert written(patient)
