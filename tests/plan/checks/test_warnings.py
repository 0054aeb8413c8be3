"""A plan that takes very many operations says so, and why."""

from orgrollout.model.ids import AccountId, Digest, StackSetKey
from orgrollout.plan.checks.warnings import MANY, many_operations
from orgrollout.plan.model.kinds import Create
from orgrollout.plan.model.plan import PlannedOperation
from tests.stage import US


def operations(sets: int, waves: int) -> list[PlannedOperation]:
    return [
        PlannedOperation(
            stack_set=StackSetKey("topics"),
            wave=wave,
            kind=Create(),
            accounts=(AccountId(f"{number:012d}"),),
            regions=(US,),
            parameter_set=Digest(f"set-{number}"),
            state=Digest(""),
            reason="not deployed yet",
        )
        for number in range(sets)
        for wave in range(waves)
    ]


def test_distinct_overrides_that_make_too_many_operations_are_told_with_the_arithmetic() -> None:
    """Each set of overrides takes an operation of its own, in each wave."""
    assert list(many_operations(operations(sets=MANY // 2, waves=2))) == []

    (warning,) = many_operations(operations(sets=150, waves=2))

    assert warning.startswith("topics: 300 operations = 150 distinct sets of overrides x 2 waves x")
    assert "at a minute each, 5.0 hours" in warning
