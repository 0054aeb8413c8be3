"""What people change by hand in accounts, behind CloudFormation's back.

Each change happens now, or ``after`` a while; with ``again``, it is made again so long
after each repair. What is changed later and is not there then, is left alone.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from moto.config.models import config_backends

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.incidents.base import IncidentBase
from orgrollout.sandbox.moto.stacks import NoStacks
from orgrollout.sandbox.moto.tampering import remove_resource, tamper
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.records import Difference, ResourceDrift, StackInstance

_NOW = timedelta()
_BASE = 36
WIDE = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class ManualChanges(IncidentBase):
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
        pair = (self.organization.find(account), region)
        self._happen(lambda: _stop_recorders(pair), after)
        if again is not None:
            self._repeat(("recorder", *pair), lambda: _stop_recorders(pair), again)

    @fault
    def delete_rule(self, account: str, region: str, name: str, *, after: timedelta = _NOW) -> None:
        """Delete a Config rule by its name."""
        pair = (self.organization.find(account), region)
        self._happen(lambda: _delete_rule(pair, name), after)

    @fault
    def drifted(
        self,
        stack_set: str,
        logical_id: str,
        type: str,  # noqa: A002
        differences: Iterable[Difference] = (),
        *,
        share: float | None = None,
        pairs: Iterable[tuple[str, str]] = (),
        status: str = "MODIFIED",
        after: timedelta = _NOW,
        again: timedelta | None = None,
    ) -> None:
        """Let instances that are mere records have drifted: a share of them, or some pairs.

        A difference is (path, expected, actual, ADD | REMOVE | NOT_EQUAL).

        Raises:
            SandboxError: Resources are deployed (``tamper`` changes those).
        """
        if not isinstance(self.simulation.deployer, NoStacks):
            raise SandboxError("drift is scripted only with deploy_resources=False; use tamper")
        drift = ResourceDrift(
            logical_id=logical_id,
            physical_id=logical_id,
            resource_type=type,
            status=status,
            differences=tuple((str(p), str(e), str(a), str(k)) for p, e, a, k in differences),
        )
        named = {(self.organization.find(account), region) for account, region in pairs}
        self._happen(lambda: self._drift(stack_set, drift, share, named, again), after)

    def _drift(
        self,
        stack_set: str,
        drift: ResourceDrift,
        share: float | None,
        named: set[tuple[str, str]],
        again: timedelta | None,
    ) -> None:
        alone = (drift,)
        for instance in self.stack_set(stack_set).instances.values():
            chosen = instance.pair in named
            if share is not None:
                chosen = chosen or self._lot(stack_set, instance) < share
            if chosen and instance.stack_id is not None:
                self._add_drift(instance.stack_id, alone)
                if again is not None:
                    repeated = partial(self._add_drift, instance.stack_id, alone)
                    self._repeat(instance.stack_id, repeated, again)

    def _add_drift(self, stack_id: str, drift: tuple[ResourceDrift, ...]) -> None:
        assert isinstance(self.simulation.deployer, NoStacks)  # noqa: S101
        known = self.simulation.deployer.drifted
        known[stack_id] = known[stack_id] + drift if stack_id in known else drift

    def _lot(self, stack_set: str, instance: StackInstance) -> float:
        text = derive(8, str(self.simulation.settings.seed), "drifted", stack_set, *instance.pair)
        return int(text, _BASE) / float(_BASE**8)

    def _by_hand(
        self,
        where: tuple[str, str, str],
        change: Callable[[Any], None],
        after: timedelta,
        again: timedelta | None,
    ) -> None:
        self._known(where[0])
        self._happen(lambda: self._begin(where, change, again), after)

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
            self._repeat(stack.stack_id, repeated, again)

    def _stack(self, account: str, region: str, name: str) -> Any:
        pair = (self.organization.find(account), region)
        instance = self.stack_set(name).instances.get(pair)
        stack_id = str(instance.stack_id) if instance is not None else ""
        stack = self.simulation.deployer.find(*pair, stack_id)
        if stack is None:
            raise SandboxError(f"{name} has no stack with resources in {account}, {region}")
        return stack

    def _repeat(
        self, repaired: str | tuple[str, str, str], action: Callable[[], None], again: timedelta
    ) -> None:
        self._list(self.simulation.stubborn.setdefault(repaired, []), (again, action))

    def _happen(self, action: Callable[[], None], after: timedelta) -> None:
        if after:
            timeline = self.simulation.timeline
            timeline.at(timeline.now() + after, self.book.later(action))
        else:
            with self.simulation.state.in_place():
                action()


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
