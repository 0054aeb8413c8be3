"""Changes by hand in accounts, outside CloudFormation.

Each change happens now, or ``after`` some time; with ``again``, it is made again so long after each
repair. What is changed later and does not exist then, is left alone.
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

_NOW = timedelta()
WIDE = {"Effect": "Allow", "Action": "*", "Resource": "*"}


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
    ) -> None:
        """Set a property of a resource (``/Tags/owner``, ``/Policies/p/Statement/0/Action``).

        ``None`` takes it away; a last part of ``-`` adds to a list.
        """
        self._by_hand(
            (account, region, stack_set),
            lambda stack: tamper(stack, logical_id, path, value),
            after,
            again,
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
    ) -> None:
        """Delete a resource in its own service."""
        self._by_hand(
            (account, region, stack_set),
            lambda stack: remove_resource(stack, logical_id),
            after,
            again,
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
    ) -> None:
        """Take a tag away from a resource."""
        path = f"/Tags/{key}"
        self.tamper(account, region, stack_set, logical_id, path, after=after, again=again)

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
    ) -> None:
        """Allow everything: in a role's first inline policy, or in a resource's own policy."""
        self._by_hand(
            (account, region, stack_set), lambda stack: _widen(stack, logical_id), after, again
        )

    @fault
    def stop_recorder(
        self,
        account: str,
        region: str,
        *,
        after: timedelta = _NOW,
        again: timedelta | None = None,
    ) -> None:
        """Stop the configuration recorders of an account and Region."""
        pair = (self.at.organization.find(account), region)
        self.at.happen(after, lambda: _stop_recorders(pair))
        if again is not None:
            self.at.repeat(("recorder", *pair), lambda: _stop_recorders(pair), again)

    @fault
    def delete_rule(self, account: str, region: str, name: str, *, after: timedelta = _NOW) -> None:
        """Delete a Config rule by its name."""
        pair = (self.at.organization.find(account), region)
        self.at.happen(after, lambda: _delete_rule(pair, name))

    def _by_hand(
        self,
        where: tuple[str, str, str],
        change: Callable[[Any], None],
        after: timedelta,
        again: timedelta | None,
    ) -> None:
        self.at.known(where[0])
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


def _widen(stack: Any, logical_id: str) -> None:
    made = stack.resource_map.made(logical_id)
    policies = getattr(made, "policies", None)
    if policies:
        tamper(stack, logical_id, f"/Policies/{next(iter(policies))}/Statement/-", WIDE)
    elif policies is not None:
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        tamper(stack, logical_id, "/AssumeRolePolicyDocument/Statement/-", trust)
    else:
        tamper(stack, logical_id, "/PolicyDocument/Statement/-", {**WIDE, "Principal": "*"})


def _stop_recorders(pair: tuple[str, str]) -> None:
    backend = config_backends[pair[0]][pair[1]]
    for name, recorder in backend.recorders.items():
        if recorder.status.recording:
            backend.stop_configuration_recorder(name)


def _delete_rule(pair: tuple[str, str], name: str) -> None:
    backend = config_backends[pair[0]][pair[1]]
    if name not in backend.config_rules:
        raise SandboxError(f"there is no Config rule {name} in {pair[0]}, {pair[1]}")
    backend.delete_config_rule(name)
