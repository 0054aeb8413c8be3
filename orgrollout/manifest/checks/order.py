"""The order of stack sets: what they depend on exists, and nothing waits for itself."""

from collections.abc import Collection, Iterator, Mapping

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey

_MOST_CIRCLES = 20  # that are named


def check_order(checking: Checking) -> None:
    """Note dependencies that are unknown or go in a circle."""
    known = dict.fromkeys(checking.known("stack_sets"))
    for key, stack_set in checking.manifest.stack_sets.items():
        for i, name in enumerate(stack_set.depends_on or ()):
            _check_dependency(checking, StackSetKey(key), i, name, known)
    graph = {
        key: [d for d in checking.loaded.depends_on(key) if d in checking.manifest.stack_sets]
        for key, _ in checking.present()
    }
    for told, circle in enumerate(circles(graph)):
        path = ("stack_sets", circle[0], "depends_on")
        if told == _MOST_CIRCLES:
            fix = "Fix those that are named, and run it again."
            checking.note(path, "the order goes in more circles than are named here.", fix)
            return
        message = f"the order goes in a circle: {' -> '.join(circle)}."
        checking.note(path, message, "Remove one of these dependencies.")


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


def circles(graph: Mapping[StackSetKey, Collection[StackSetKey]]) -> Iterator[list[StackSetKey]]:
    """Yield circles, each depending on the next, from its first stack set in the manifest.

    One search finds one for each dependency that closes a circle; without those there is none.
    """
    order = {key: place for place, key in enumerate(graph)}
    done: set[StackSetKey] = set()
    for start in graph:
        path: dict[StackSetKey, Iterator[StackSetKey]] = {}
        here: StackSetKey | None = None if start in done else start
        while here is not None:
            following = path.setdefault(here, iter(graph.get(here, ())))
            further = next((key for key in following if key not in done), None)
            if further in path:
                yield _from_the_first([*path][[*path].index(further) :], order)
            elif further is not None:
                here = further
            else:
                done.add(here)
                del path[here]
                here = next(reversed(path), None)


def _from_the_first(
    circle: list[StackSetKey], order: Mapping[StackSetKey, int]
) -> list[StackSetKey]:
    first = min(range(len(circle)), key=lambda i: order[circle[i]])
    return [*circle[first:], *circle[:first], circle[first]]
