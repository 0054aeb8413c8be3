"""What a sandbox is set to is what experiments find out, and they leave nothing behind."""

from typing import Any

import pytest

from orgrollout.confirm.experiment import Outcome
from orgrollout.confirm.registry import BY_NAME, chosen
from orgrollout.model.behaviour import QUESTIONS
from orgrollout.reconcile.confirm.ground import Wanted, read_ground
from orgrollout.reconcile.confirm.run import run
from orgrollout.sandbox import Settings
from tests.confirm.support import CANARY, SUSPENDED, canary
from tests.pairwise import pairwise
from tests.stage import EU, READS

SETTINGS = {note.name: note for note in Settings.undocumented()}
OTHER_VALUES = [
    (name, value)
    for name in sorted(BY_NAME)
    if name in SETTINGS
    for value in SETTINGS[name].choices
    if value != SETTINGS[name].default
]
STAYS = ("suspended_delete", "skip")
"""What AWS does not take off the list, no one can."""


def test_questions_are_those_of_the_sandbox() -> None:
    for name, question in QUESTIONS.items():
        assert name in BY_NAME
        if name in SETTINGS:
            assert set(question.values) == set(SETTINGS[name].choices)
            assert question.assumed == SETTINGS[name].default
    assert set(BY_NAME) == set(QUESTIONS)


def test_each_answer_has_a_consequence() -> None:
    for name, experiment in BY_NAME.items():
        assert set(experiment.under) == set(QUESTIONS[name].values)
        assert all(experiment.under.values())


def test_what_is_assumed_is_confirmed() -> None:
    with canary() as there:
        outcomes = there.run()

        assert {name: each.finding.outcome for name, each in outcomes.items()} == dict.fromkeys(
            BY_NAME, Outcome.CONFIRMED
        )
        assert {each.left for each in outcomes.values()} == {""}
        assert there.left() == []


@pytest.mark.parametrize("place", [1, -1])
def test_other_values_are_found_out(place: int) -> None:
    """Every setting has its second value, or its last one."""
    values = {name: SETTINGS[name].choices[place] for name in BY_NAME if name in SETTINGS}
    with canary(**values) as there:
        outcomes = there.run()

        assert {name: outcomes[name].finding.value for name in values} == values
        assert sorted(there.left()) == sorted(o.stack_set for o in outcomes.values() if o.left)
        stays = {STAYS in values.items()}
        assert {bool(each.left) for each in outcomes.values()} == {False, *stays}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), OTHER_VALUES)
def test_another_value_is_found_out(name: str, value: Any) -> None:
    with canary(**{name: value}) as there:
        outcome = there.run(name)[name]

        assert outcome.finding.value == value
        assert type(outcome.finding.value) is type(value)
        assert outcome.finding.outcome is Outcome.OTHERWISE
        assert outcome.finding.evidence
        if (name, value) == STAYS:
            assert there.left() == [outcome.stack_set]
            assert "still there" in outcome.left
        else:
            assert outcome.left == ""
            assert there.left() == []


@pytest.mark.slow
def test_values_are_found_out_whatever_the_others_are() -> None:
    """Every two values of two settings meet."""
    for combination in pairwise([SETTINGS[name] for name in BY_NAME if name in SETTINGS]):
        with canary(**combination) as there:
            outcomes = there.run()

            found = {name: outcomes[name].finding.value for name in combination}
            assert found == combination
            if combination["suspended_delete"] != "skip":
                assert there.left() == [], combination


def test_an_experiment_without_what_it_needs_makes_nothing() -> None:
    """No role and no suspended account were named."""
    with canary() as there:
        connection = there.connection()
        ground = read_ground(Wanted(canary=CANARY, second_region=EU), connection, "SELF")
        asked = chosen(["executed_change_set", "skipped_status"])

        found = [each.finding for each in run(asked, ground, connection, None, lambda _: None)]

        assert [each.outcome for each in found] == [Outcome.COULD_NOT_TELL] * 2
        assert [each.because for each in found] == [
            "it was not run: it needs --role NAME",
            "it was not run: it needs --suspended ACCOUNT",
        ]
        writes = [c.operation for c in there.sandbox.calls if not c.operation.startswith(READS)]
        assert writes == []


def test_a_transient_failure_is_tried_again() -> None:
    with canary(faults=[{"fail": {"account": CANARY, "region": EU}}]) as there:
        found = there.findings("conflicting_operations")["conflicting_operations"]

        assert found.outcome is Outcome.CONFIRMED
        assert "DescribeStackSetOperation: Status FAILED" in found.evidence


def test_a_failure_that_stays_is_no_answer() -> None:
    lasting = {"account": CANARY, "region": EU, "times": "always", "reason": "denied"}
    with canary(faults=[{"fail": {**lasting, "action": "CREATE"}}]) as there:
        found = there.findings("conflicting_operations")["conflicting_operations"]

        assert found.outcome is Outcome.COULD_NOT_TELL
        assert found.value is None
        assert found.because == "its stacks could not be made in 3 attempts"
        assert there.left() == []


def test_evidence_names_no_account() -> None:
    with canary() as there:
        found = there.findings("update_instances_definition", "skipped_status").values()

        lines = [line for each in found for line in each.evidence]
        assert any("in the canary account" in line for line in lines)
        assert not [line for line in lines if CANARY in line or SUSPENDED in line]
