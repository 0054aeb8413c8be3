"""Changes by hand in accounts, outside CloudFormation.

Each change happens now, or ``after`` some time; with ``again``, it is made again so long after each
repair. What is changed later and does not exist then, is left alone. CloudTrail records each
change; ``by`` tells whose it is (``trail.identities``).
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from moto.config.models import config_backends

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.incidents.context import Incidents
from orgrollout.sandbox.moto.tampering import remove_resource, tamper
from orgrollout.sandbox.trail import changes
from orgrollout.sandbox.trail.book import Request
from orgrollout.sandbox.trail.identities import BY_HAND, check_by

_NOW = timedelta()
WIDE: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class ManualChanges(Incidents):
    """Changes of deployed resources through their own services."""

    @fault
    def tamper(  # noqa: PLR0917 - a place, a property and its value
        self,
        account: str,
        region: str,
        stack_set: str,
        logical_id: str,
        path: str,
        value: Any = None,
        *,
        after: timedelta = _NOW,
        again: timedelta | None = None,
        by: str = BY_HAND,
    ) -> None:
        """Set a property of a resource (``/Tags/owner``, ``/Policies/p/Statement/0/Action``).

        ``None`` takes it away; a last part of ``-`` adds to a list.
        """
        self._by_hand(
            (account, region, stack_set),
            lambda stack: self._tamper(stack, logical_id, path, value, by),
            after,
            again,
            by,
        )

    @fault
    def delete_resource(
        self,
        account: str,
        region: str,
        stack_set: str,
        logical_id: str,
        *,
        after: timedelta = _NOW,
        again: timedelta | None = None,
        by: str = BY_HAND,
    ) -> None:
        """Delete a resource in its own service."""
        self._by_hand(
            (account, region, stack_set),
            lambda stack: self._remove(stack, logical_id, by),
            after,
            again,
            by,
        )

    @fault
    def remove_tag(
        self,
        account: str,
        region: str,
        stack_set: str,
        logical_id: str,
        key: str,
        *,
        after: timedelta = _NOW,
        again: timedelta | None = None,
        by: str = BY_HAND,
    ) -> None:
        """Take a tag away from a resource."""
        path = f"/Tags/{key}"
        self.tamper(account, region, stack_set, logical_id, path, after=after, again=again, by=by)

    @fault
    def widen_policy(
        self,
        account: str,
        region: str,
        stack_set: str,
        logical_id: str,
        *,
        after: timedelta = _NOW,
        again: timedelta | None = None,
        by: str = BY_HAND,
    ) -> None:
        """Allow everything: in a role's first inline policy, or in a resource's own policy."""
        self._by_hand(
            (account, region, stack_set),
            lambda stack: self._widen(stack, logical_id, by),
            after,
            again,
            by,
        )

    @fault
    def stop_recorder(
        self,
        account: str,
        region: str,
        *,
        after: timedelta = _NOW,
        again: timedelta | None = None,
        by: str = BY_HAND,
    ) -> None:
        """Stop the configuration recorders of an account and Region."""
        pair = (self.at.organization.find(account), region)
        check_by(by)

        def stop() -> None:
            for name in _stop_recorders(pair):
                self._tell(pair, by, changes.stop_recorder(name))

        self.at.happen(after, stop)
        if again is not None:
            self.at.repeat(("recorder", *pair), stop, again)

    @fault
    def delete_rule(
        self, account: str, region: str, name: str, *, after: timedelta = _NOW, by: str = BY_HAND
    ) -> None:
        """Delete a Config rule by its name."""
        pair = (self.at.organization.find(account), region)
        check_by(by)

        def delete() -> None:
            _delete_rule(pair, name)
            self._tell(pair, by, changes.make("AWS::Config::ConfigRule", name, delete=True))

        self.at.happen(after, delete)

    def _by_hand(
        self,
        where: tuple[str, str, str],
        change: Callable[[Any], None],
        after: timedelta,
        again: timedelta | None,
        by: str,
    ) -> None:
        self.at.known(where[0])
        check_by(by)
        self.at.happen(after, lambda: self._begin(where, change, again))

    def _begin(
        self,
        where: tuple[str, str, str],
        change: Callable[[Any], None],
        again: timedelta | None,
    ) -> None:
        stack = self._stack(*where)
        change(stack)
        if again is not None:
            repeated = partial(_if_it_is_there, lambda: change(stack))
            self.at.repeat(stack.stack_id, repeated, again)

    def _tamper(self, stack: Any, logical_id: str, path: str, value: Any, by: str) -> None:
        tamper(stack, logical_id, path, value)
        kind, physical_id = _resource(stack, logical_id)
        self._tell(_place(stack), by, changes.set_property(kind, physical_id, path))

    def _remove(self, stack: Any, logical_id: str, by: str) -> None:
        kind, physical_id = _resource(stack, logical_id)
        remove_resource(stack, logical_id)
        self._tell(_place(stack), by, changes.make(kind, physical_id, delete=True))

    def _widen(self, stack: Any, logical_id: str, by: str) -> None:
        path = _widen(stack, logical_id)
        kind, physical_id = _resource(stack, logical_id)
        self._tell(_place(stack), by, changes.set_property(kind, physical_id, path))

    def _tell(self, place: tuple[str, str], by: str, request: Request | None) -> None:
        self.at.simulation.recorder.by_hand(place, by, request)

    def _stack(self, account: str, region: str, name: str) -> Any:
        pair = (self.at.organization.find(account), region)
        instance = self.at.stack_set(name).instances.get(pair)
        stack_id = str(instance.stack_id) if instance is not None else ""
        stack = self.at.simulation.deployer.find(*pair, stack_id)
        if stack is None:
            raise SandboxError(f"{name} has no stack with resources in {account}, {region}")
        return stack


def _if_it_is_there(action: Callable[[], None]) -> None:
    with suppress(SandboxError):
        action()


def _resource(stack: Any, logical_id: str) -> tuple[str, str]:
    made = stack.resource_map.made(logical_id)
    entry = dict(stack.resource_map.entries()).get(logical_id)
    if made is None or entry is None:
        raise SandboxError(f"{stack.name} has no resource {logical_id}")
    return str(entry["Type"]), str(made.physical_resource_id)


def _place(stack: Any) -> tuple[str, str]:
    return str(stack.account_id), str(stack.region_name)


def _widen(stack: Any, logical_id: str) -> str:
    """Allow everything, and return the path of what was changed."""
    made = stack.resource_map.made(logical_id)
    policies = getattr(made, "policies", None)
    path, statement = "/PolicyDocument/Statement/-", {**WIDE, "Principal": "*"}
    if policies:
        path, statement = f"/Policies/{next(iter(policies))}/Statement/-", WIDE
    elif policies is not None:
        path = "/AssumeRolePolicyDocument/Statement/-"
        statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    tamper(stack, logical_id, path, statement)
    return path


def _stop_recorders(pair: tuple[str, str]) -> list[str]:
    """Stop the recorders that record, and return their names."""
    backend = config_backends[pair[0]][pair[1]]
    names = [name for name, each in backend.recorders.items() if each.status.recording]
    for name in names:
        backend.stop_configuration_recorder(name)
    return names


def _delete_rule(pair: tuple[str, str], name: str) -> None:
    backend = config_backends[pair[0]][pair[1]]
    if name not in backend.config_rules:
        raise SandboxError(f"there is no Config rule {name} in {pair[0]}, {pair[1]}")
    backend.delete_config_rule(name)
