"""A saved plan whose parts do not fit together is refused as damaged, whatever wrote it so.

Its seal only says that a program of ours, or one that copies it, wrote the document.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.rollouts import claims_of
from orgrollout.report.layout.json_text import json_pieces
from orgrollout.report.plan.as_json import plan_json
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.report.rollout.as_json import rollout_json
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.rollout.decide.decide import decide
from orgrollout.rollout.decide.operator_commands import begin
from orgrollout.rollout.operations.start_operations import request_of
from orgrollout.rollout.state.decision import Observations
from tests.plan.model.test_kinds import SAVED

NOW = datetime(2026, 1, 5, tzinfo=UTC)
STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 7, 10**12, 1.5, "", "x", "(", "25:00", [], {}, [1], ["x"], {"a": 1}),
    *("2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "P999999999D", "PT-1H"),
)
Path = tuple[str | int, ...]


def document(number: int) -> dict[str, Any]:
    """Return a saved plan with something in each field that has a form of its own."""
    made = plan_document(read_plan(SAVED[number]["plan"]))
    made["windows"] = [{"days": [0, 1], "begins": "PT8H", "ends": "PT17H"}]
    made["freezes"] = [{"start": "2030-01-01T00:00:00Z", "end": "2030-01-02T00:00:00Z"}]
    made["failure_rules"] = [{"kind": "transient", "pattern": "x", "advice": "", "attempts": 3}]
    made["recent"] = {"2026-01-01T00:00:00Z": ["100000000001"]}
    made["skipped"] = [{"account": "100000000001", "name": "n", "reason": "r"}]
    made["waves"][0]["gate"] = {"soak": "PT1H", "approval": True, "not_by_planner": True}
    return made


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    inside = dict(enumerate(value[:2])) if isinstance(value, list) else value
    if isinstance(inside, Mapping):
        for key, each in inside.items():
            yield from places(each, (*path, key))


def changed(before: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    after: Any = deepcopy(before)
    place = after
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return dict(after)


def use(plan: Plan) -> None:
    """Show the plan, and begin to carry it out."""
    assert list(plan_blocks(plan, pairs=True, now=NOW))
    "".join(json_pieces(plan_json(plan, {})))
    assert plan.fingerprint
    claims_of(plan)
    state = begin(plan, plan.fingerprint, "base-1", NOW)  # type: ignore[arg-type]
    definitions = {key: each.definition for key, each in plan.stack_sets.items()}
    observed = Observations(definitions=definitions, existing=dict.fromkeys(definitions, True))
    for hours in (0, 9):
        decided = decide(plan, state, observed, NOW + timedelta(hours=hours)).state
        assert all(request_of(plan, each).id for each in decided.in_flight)
        assert list(rollout_blocks(plan, decided, NOW))
        json.dumps(rollout_json(plan, decided, NOW))


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_strange_value_in_any_field_is_refused_or_does_no_harm(number: int) -> None:
    """Twenty values in each field: none may end in an error that says nothing of the plan."""
    whole = document(number)
    use(read_plan(whole))
    refused = 0
    for path in places(whole):
        for value in STRANGE:
            try:
                plan = read_plan(changed(whole, path, value))
            except (KeyError, TypeError, ValueError):
                refused += 1
                continue
            use(plan)
    assert refused > 1000


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("windows", 0, "begins"), "P999999999D", "a window begins or ends"),
        (("windows", 0, "begins"), "25:00", "windows"),
        (("windows", 0, "ends"), "PT7H", "a window begins or ends"),
        (("windows", 0, "days"), [], "a window has days that no week has"),
        (("windows", 0, "days"), [7], "a window has days that no week has"),
        (("operations", 0, "stack_set"), "other", "operation 0 is for a stack set"),
        (("operations", 1, "wave"), 7, "operation 1 is in a wave"),
        (("waves", 0, "preferences", "max_concurrent_count"), 0, "fewer than one account"),
        (("waves", 0, "allowed_failures"), -1, "fewer than no failures"),
        (("waves", 0, "gate", "soak"), "-PT1H", "the soak is shorter"),
        (("failure_rules", 0, "pattern"), "(", "no regular expression"),
        (("failure_rules", 0, "kind"), "odd", "not known"),
        (("freezes", 0, "end"), "2030-01-02T00:00:00", "no time zone"),
        (("attempts",), 0, "attempts"),
    ],
)
def test_what_does_not_fit_is_named(path: Path, value: Any, said: str) -> None:
    """A window that is never open would be taken for one that is always open."""
    with pytest.raises(ValueError, match=said):
        read_plan(changed(document(0), path, value))
