"""Every kind of operation is read from plans that were saved when six flags said the kind."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from orgrollout.model.ids import OperationId
from orgrollout.model.operation import OperationRequest
from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.plan.model.kinds import (
    ApplyDefinition,
    Create,
    DefinitionStep,
    MakeRepair,
    OperationKind,
    OverridesStep,
    Remove,
    Retry,
    SendDefinition,
    SetOverrides,
)
from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.json_text import json_pieces
from orgrollout.report.plan.as_json import plan_json
from orgrollout.rollout.operations.start_operations import request_of
from orgrollout.rollout.state.state import InFlightOperation, PendingOperation

SAVED = json.loads((Path(__file__).parent / "plans-before-kinds.json").read_text())
NAMES = [str(number) for number in range(len(SAVED))]
Saved = Mapping[str, Any]


@pytest.mark.parametrize("saved", SAVED, ids=NAMES)
def test_a_plan_saved_with_flags_sends_the_same_requests(saved: Saved) -> None:
    """A rollout that an older version began sends what it would have sent, also when repeated."""
    assert requests_of(read_plan(saved["plan"])) == saved["requests"]


@pytest.mark.parametrize("saved", SAVED, ids=NAMES)
def test_a_plan_saved_with_flags_has_the_same_fingerprint_and_json(saved: Saved) -> None:
    """An approval that names a fingerprint, and a program that reads the JSON, see no change."""
    plan = read_plan(saved["plan"])
    shown = json.loads("".join(json_pieces(plan_json(plan, {}))))

    assert plan.fingerprint == saved["fingerprint"]
    assert {key: shown[key] for key in ("changes", "summary", "operations")} == {
        key: saved[key] for key in ("changes", "summary", "operations")
    }


@pytest.mark.parametrize("saved", SAVED, ids=NAMES)
def test_a_plan_saved_with_flags_is_the_same_when_it_is_saved_again(saved: Saved) -> None:
    """The new form holds all that the flags said about the kinds."""
    plan = read_plan(saved["plan"])

    assert read_plan(plan_document(plan)) == plan


def test_every_kind_is_in_the_saved_plans() -> None:
    """Each value of each kind occurs, so none is left without the tests above."""
    found = {_shape(o.kind) for saved in SAVED for o in read_plan(saved["plan"]).operations}

    assert found == {
        "import",
        "repair revert",
        "repair call",
        *(_shape(Create(again=again)) for again in (False, True)),
        *(_shape(SetOverrides(step=step)) for step in OverridesStep),
        *(_shape(ApplyDefinition(step=step)) for step in DefinitionStep),
        *(
            _shape(SendDefinition(retry=retry, updated_again=again))
            for retry in Retry
            for again in (False, True)
        ),
        *(
            _shape(Remove(retain_stacks=retain, replaced=replaced))
            for retain in (False, True)
            for replaced in (False, True)
        ),
    }


@pytest.mark.parametrize("flag", ["sends_definition", "stepwise", "covered_again"])
def test_flags_that_contradict_the_action_are_refused(flag: str) -> None:
    """A harmed plan is not guessed at: a removal sends no definition."""
    document = json.loads(json.dumps(SAVED[-1]["plan"]))
    document["operations"][0] |= {"action": "detach", flag: True}

    with pytest.raises(ValueError, match="do not go together"):
        read_plan(document)


def _shape(kind: OperationKind) -> str:
    return f"repair {kind.repair.action}" if isinstance(kind, MakeRepair) else _text(kind)


def _text(kind: OperationKind) -> str:
    return kind.type if kind.type == "import" else str(kind)


def requests_of(plan: Plan) -> list[dict[str, Any]]:
    """Return what is sent for each operation by StackSets, at the first attempt and the second."""
    found = []
    for index, operation in enumerate(plan.operations):
        if operation.action.is_repair:
            continue
        for attempt in (1, 2):
            pending = PendingOperation(
                planned=index,
                accounts=operation.accounts,
                regions=operation.regions,
                attempt=attempt,
            )
            in_flight = InFlightOperation(
                id=OperationId(f"op-{index}-{attempt}"),
                number=index,
                pending=pending,
                committed=datetime(2026, 1, 1, tzinfo=UTC),
            )
            request = request_of(plan, in_flight)
            shown = TypeAdapter(OperationRequest).dump_python(request, mode="json")
            if request.definition is not None:
                assert request.definition == plan.stack_sets[operation.stack_set].definition
                shown["definition"] = True
            found.append(shown)
    return found
