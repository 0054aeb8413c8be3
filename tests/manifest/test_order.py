"""Circles of dependencies are found exactly where there are some."""

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orgrollout.manifest.checks.order import circles
from orgrollout.model.ids import StackSetKey

KEYS = tuple(map(StackSetKey, "abcdef"))
GRAPHS = st.fixed_dictionaries(
    {key: st.lists(st.sampled_from(KEYS), max_size=4, unique=True) for key in KEYS}
)


@given(GRAPHS)
def test_every_circle_is_one_and_none_is_missed(
    graph: dict[StackSetKey, list[StackSetKey]],
) -> None:
    found = list(circles(graph))

    for circle in found:
        assert circle[0] == circle[-1] == min(circle, key=[*graph].index)
        assert len(set(circle)) == len(circle) - 1
        assert all(following in graph[key] for key, following in pairwise(circle))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        assert found
    else:
        assert not found
