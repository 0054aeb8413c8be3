"""The order of stack sets: what they depend on exists, and nothing waits for itself."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import count

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey

_MOST_CIRCLES = 20  # that are told: the search for the next one begins at the start again


def check_order(checking: Checking) -> None:
    """Note dependencies that are unknown or go in a circle."""
    known = dict.fromkeys(checking.known("stack_sets"))
    for key, stack_set in checking.manifest.stack_sets.items():
        for i, name in enumerate(stack_set.depends_on or ()):
            _check_dependency(checking, StackSetKey(key), i, name, known)
    graph = {
        key: {d for d in checking.loaded.depends_on(key) if d in checking.manifest.stack_sets}
        for key, _ in checking.present()
    }
    for told in count():
        if not (cycle := _cycle(graph)):
            return
        path = ("stack_sets", cycle[0], "depends_on")
        if told == _MOST_CIRCLES:
            fix = "Fix those that are named, and run it again."
            checking.note(path, "the order goes in more circles than are named here.", fix)
            return
        message = f"the order goes in a circle: {' -> '.join(cycle)}."
        checking.note(path, message, "Remove one of these dependencies.")
        graph[cycle[0]].discard(cycle[1])


def _check_dependency(
    checking: Checking, key: StackSetKey, i: int, name: str, known: Mapping[str, None]
) -> None:
    path = ("stack_sets", key, "depends_on", i)
    if name not in known:
        message = f"there is no stack set `{name}` in this manifest."
        others = (other for other in known if other != key)
        checking.note(path, message, did_you_mean(name, others, "Remove it."))
        return
    this, other = checking.manifest.stack_sets[key], checking.manifest.stack_sets.get(name)
    if other and other.state == "absent" and this.state == "present":
        checking.note(path, f"stack set {name} is `state: absent`.", "Remove the dependency.")


def _cycle(graph: dict[StackSetKey, set[StackSetKey]]) -> list[StackSetKey]:
    """Return a circle, each depending on the next, from its first stack set in the manifest."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))[:-1]
        order = {key: place for place, key in enumerate(graph)}
        first = min(range(len(circle)), key=lambda i: order[circle[i]])
        return [*circle[first:], *circle[:first], circle[first]]
    return []
