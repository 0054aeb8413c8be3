"""Every answer of every operation that the sandbox answers is held against botocore's model."""

from collections.abc import Iterator

import pytest
from botocore.validate import ParamValidator

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.api.formats import shapes
from tests.sandbox.api.test_inputs import _all_operations
from tests.sandbox.support import ORGANIZATION
from tests.sandbox.tour import Heard, Tour, unknown_members

OPERATIONS = _all_operations()


EMPTY = ("value: 0, valid min length: 1", "'[]' at 'failedItems'")
"""A list of what failed is empty where nothing did, although its shape says one at least."""


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    with Sandbox.start(ORGANIZATION) as sandbox:
        made = Tour(sandbox)
        made.walk()
        assert sandbox.simulation.gateway.failures == []
        yield made


def problems(heard: Heard) -> list[str]:
    """Return what is wrong with an answer: types by botocore, the rest by its shapes."""
    shape = heard.model.output_shape
    parsed = {k: v for k, v in heard.parsed.items() if k != "ResponseMetadata"}
    if shape is None:
        return [f"no member is known, and there is {name}" for name in parsed]
    report = ParamValidator().validate(parsed, shape).generate_report().splitlines()
    found = [*report, *shapes._structure(shape, parsed, ""), *unknown_members(heard)]
    return [each for each in found if not any(part in each for part in EMPTY)]


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_an_answer_is_as_the_model_says(tour: Tour, service: str, name: str) -> None:
    answers = tour.heard.get((service, name), [])
    assert answers, "the tour has to call every operation"
    assert [each for heard in answers for each in problems(heard)] == []
    shape = answers[0].model.output_shape
    if shape is not None and shape.members:
        names = {key for heard in answers for key in heard.parsed} - {"ResponseMetadata"}
        assert names, "no answer had anything in it"
