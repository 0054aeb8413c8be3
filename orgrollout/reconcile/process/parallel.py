"""Many small calls into many accounts, side by side and bounded."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


def spread(
    items: Iterable[_T], work: Callable[[_T], _R], *, at_once: int
) -> Iterator[tuple[_T, _R]]:
    """Yield each item with what ``work`` made of it, in the order of the items.

    What ``work`` raises is raised here, and what has not begun by then never does.
    """
    waiting = list(items)
    if at_once <= 1 or len(waiting) <= 1:
        for item in waiting:
            yield item, work(item)
        return
    with ThreadPoolExecutor(max_workers=min(at_once, len(waiting))) as pool:
        try:
            # Log lines of the threads say what they are about, as those of this one do.
            here = [copy_context() for _ in waiting]
            made = pool.map(lambda context, item: context.run(work, item), here, waiting)
            yield from zip(waiting, made, strict=True)
        finally:
            pool.shutdown(cancel_futures=True)
