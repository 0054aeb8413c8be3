"""What an experiment asks for, one step after another, and what it is told."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from orgrollout.model.ids import Pair

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to CloudFormation, from the caller's account or in a member account."""

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    where: Pair | None = None  # None: the caller's account, in the home Region
    shows: tuple[str, ...] = ()  # members of the response that are evidence, as dotted paths
    is_evidence: bool = True  # the call itself is


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Time to let pass before the next call."""

    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came of a call: a body, or the code of its failure. After a wait: neither."""

    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    code: str = ""

    @property
    def is_refused(self) -> bool:
        """Return whether the call failed."""
        return bool(self.code)


Steps = Generator[Call | Wait, Response, T]


class CannotTellError(Exception):
    """The experiment has no answer; its text says why. No person meets it: it becomes a finding."""


def asked(call: Call) -> Steps[Response]:
    """Make a call that has to be answered.

    Raises:
        CannotTellError: It failed.
    """
    response = yield call
    if response.is_refused:
        raise CannotTellError(f"{call.operation} failed: {response.code}")
    return response


def member(body: Any, path: str) -> Any:
    """Return a member of a response by its dotted path, or None where it is not there.

    A number is the place in a list.
    """
    found = body
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, Sequence) and not isinstance(found, str) and name.isdigit():
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found
