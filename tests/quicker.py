"""What makes every test quicker and changes no result.

A scenario makes as many sessions as it plays processes, and a test of the command line one for each
command. Each session reads the models of services and derives the same things from them again: a
third of the CPU time of a test of the command line, and of a scenario. A third of collecting was
garbage collection over modules that stay.
"""

import functools
import gc
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import botocore.client
import botocore.hooks
import botocore.httpsession
import botocore.regions
import botocore.session
import botocore.useragent


def share_what_botocore_derives() -> None:
    """Let all sessions of this process share what depends on nothing but its arguments."""
    aliaser: Any = botocore.hooks.EventAliaser
    by_name = functools.cache(aliaser(None)._alias_event_name)
    aliaser._alias_event_name = lambda _self, name: by_name(name)
    hooks: Any = botocore.hooks
    hooks.accepts_kwargs = functools.partial(_accepts_kwargs, hooks.accepts_kwargs)
    hooks.NodeList.__copy__ = _copy_of_handlers
    agent: Any = botocore.useragent
    spelled = agent.sanitize_user_agent_string_component
    agent.sanitize_user_agent_string_component = functools.lru_cache(4096)(spelled)
    # No test speaks TLS: nothing leaves this machine.
    http: Any = botocore.httpsession
    http.create_urllib3_context = functools.cache(http.create_urllib3_context)
    _share_models()


def _accepts_kwargs(derive: Callable[[Any], bool], function: Any) -> bool:
    if isinstance(function, FunctionType | MethodType):
        return bool(function.__code__.co_flags & inspect.CO_VARKEYWORDS)
    return derive(function)


def _copy_of_handlers(handlers: Any) -> Any:
    return type(handlers)(*(list(each) for each in handlers))


def _share_models() -> None:
    """Read the model of a service once, and derive operations and endpoints from it once."""
    session: Any = botocore.session
    session.create_loader = functools.cache(functools.partial(_loader, session.create_loader))
    client: Any = botocore.client
    client.ServiceModel = _once_for_each(client.ServiceModel)
    regions: Any = botocore.regions
    regions.EndpointProvider = _once_for_each(regions.EndpointProvider)


def _loader(create: Callable[[str | None], Any], search_path: str | None = None) -> Any:
    made = create(search_path)
    made._search_paths = _EachOnce(made.search_paths)
    return made


class _EachOnce(list[str]):
    """Paths to search: each session adds that of boto3 to those of its loader."""

    def append(self, path: str) -> None:
        if path not in self:
            super().append(path)


def _once_for_each(derive: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``derive``, called once for the same files: what was read of a file is one object."""
    derived: dict[tuple[Any, ...], Any] = {}
    kept: list[Any] = []  # so that no other object gets the identity of one of these

    def once(*given: Any, **named: Any) -> Any:
        every = (*enumerate(given), *named.items())
        key = tuple((at, id(each) if isinstance(each, dict | set) else each) for at, each in every)
        if key not in derived:
            kept.append(every)
            derived[key] = derive(*given, **named)
        return derived[key]

    return once


def leave_garbage() -> None:
    """Collect no garbage while modules are imported: next to all of it stays."""
    gc.disable()


def collect_garbage_of_tests() -> None:
    """Collect garbage again, without a look at what was there before the first test."""
    gc.freeze()
    gc.enable()
