"""EC2 as an account may really find it, where moto is tidier or knows less.

Of moto's EC2 a second flow log to the same place is always refused, there is no quota, delivery
succeeds at once, and options of files are forgotten. What AWS does is not known in every point, so
that each is a choice here and the runbook has to cope with all.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.responses.flow_logs import FlowLogs as Responses

QUOTA = 2  # of one VPC (VPC guide)
TWIN = "FlowLogAlreadyExists"
FULL = "FlowLogsLimitExceeded"
_answer = Responses.create_flow_logs
_create = FlowLogsBackend.create_flow_logs
_delete = FlowLogsBackend.delete_flow_logs


class Ec2:
    """What EC2 does with flow logs besides what moto does."""

    def __init__(
        self,
        *,
        takes_twins: bool = False,  # a second one to the same place, with other settings
        inside: bool = False,  # failures come inside a success
        quota: int = QUOTA,
        status: str | None = "SUCCESS",  # of delivery, once made
        answers: list[str] | None = None,  # a code to refuse each creation with, or "" to go on
        keeps: bool = False,  # deletion is denied
    ) -> None:
        self.takes_twins = takes_twins
        self.inside = inside
        self.quota = quota
        self.status = status
        self.answers = answers or []
        self.keeps = keeps
        self.deleted: list[str] = []
        self.meanwhile: list[Callable[[], object]] = []  # what another run does before a creation

    def create(self, backend: Any, **asked: Any) -> tuple[list[Any], list[Any]]:
        """Create as moto does, within these rules."""
        if self.meanwhile:
            self.meanwhile.pop()()
        (resource,) = asked["resource_ids"]
        there = [each for each in backend.flow_logs.values() if each.resource_id == resource]
        if self.answers and (code := self.answers.pop(0)):
            return self._refuse(code, "refused as the test says", resource)
        if len(there) >= self.quota:
            return self._refuse(
                FULL, "You've reached the limit on the number of flow logs.", resource
            )
        others = [each for each in there if self.takes_twins and _settings(each) != _asked(asked)]
        try:
            for each in others:
                each.resource_id = ""
            made, refused = _create(backend, **asked)
        except EC2ClientError as error:
            return self._refuse(TWIN, str(error.message), resource, error)
        finally:
            for each in others:
                each.resource_id = resource
        status: Any = self.status  # moto knows no log that has not said so
        for each in made:
            each.deliver_logs_status = status
        return made, refused

    def _refuse(
        self, code: str, message: str, resource: str, error: EC2ClientError | None = None
    ) -> tuple[list[Any], list[Any]]:
        if self.inside:
            return [], [(resource, code, message)]
        raise error or EC2ClientError(code, message)

    def delete(self, backend: Any, flow_log_ids: list[str]) -> None:
        """Delete as moto does, unless that is denied, and remember it."""
        if self.keeps:
            raise EC2ClientError("UnauthorizedOperation", "You are not authorized.")
        _delete(backend, flow_log_ids)
        self.deleted += flow_log_ids


def _settings(log: Any) -> tuple[Any, ...]:
    return log.traffic_type, log.log_format, log.max_aggregation_interval


def _asked(asked: dict[str, Any]) -> tuple[Any, ...]:
    return asked["traffic_type"], asked["log_format"], asked["max_aggregation_interval"]


def _with_options(responses: Any) -> Any:
    """Answer as moto does, and keep the options of files with what was made."""
    backend = responses.ec2_backend
    before = set(backend.flow_logs)
    answer = _answer(responses)
    options = responses._get_param("DestinationOptions")
    for made in set(backend.flow_logs) - before:
        backend.flow_logs[made].destination_options = options
    return answer


def _method(instead: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that a class may have as a method."""

    def method(backend: Any, *args: Any, **asked: Any) -> Any:
        return instead(backend, *args, **asked)

    return method


@contextmanager
def behaving(ec2: Ec2) -> Iterator[Ec2]:
    """Make moto's EC2 behave like ``ec2``."""
    with ExitStack() as stack:
        for owner, name, instead in (
            (
                FlowLogsBackend,
                "create_flow_logs",
                _method(ec2.create),
            ),
            (FlowLogsBackend, "delete_flow_logs", _method(ec2.delete)),
            (Responses, "create_flow_logs", _with_options),
        ):
            stack.enter_context(patch.object(owner, name, instead))
        stack.enter_context(patch("time.sleep"))
        yield ec2
