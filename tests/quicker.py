"""What makes every test quicker and changes no result.

A scenario makes as many sessions as it plays processes, and each session derives the same things
again: that was a fifth of the CPU time of a scenario, and a third of collecting was garbage
collection over modules that stay.
"""

import functools
import gc
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import botocore.hooks
import botocore.useragent


def share_what_botocore_derives() -> None:
    """Let all sessions of this process share what depends on nothing but its arguments."""
    aliaser: Any = botocore.hooks.EventAliaser
    by_name = functools.cache(aliaser(None)._alias_event_name)
    aliaser._alias_event_name = lambda _self, name: by_name(name)
    hooks: Any = botocore.hooks
    hooks.accepts_kwargs = functools.partial(_accepts_kwargs, hooks.accepts_kwargs)
    agent: Any = botocore.useragent
    spelled = agent.sanitize_user_agent_string_component
    agent.sanitize_user_agent_string_component = functools.lru_cache(4096)(spelled)


def _accepts_kwargs(derive: Callable[[Any], bool], function: Any) -> bool:
    if isinstance(function, FunctionType | MethodType):
        return bool(function.__code__.co_flags & inspect.CO_VARKEYWORDS)
    return derive(function)


def leave_garbage() -> None:
    """Collect no garbage while modules are imported: next to all of it stays."""
    gc.disable()


def collect_garbage_of_tests() -> None:
    """Collect garbage again, without a look at what was there before the first test."""
    gc.freeze()
    gc.enable()
