"""Drift that is told and not made: what detection may not read, and records that drifted."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.incidents.context import Incidents
from orgrollout.sandbox.moto.recorded_stacks import RecordedStacks
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.records import Difference, ResourceDrift, StackInstance

_NOW = timedelta()
_BASE = 36


class ScriptedDrift(Incidents):
    """Scripted results of drift detection."""

    @fault
    def hide(
        self,
        account: str,
        region: str,
        resource_type: str,
        name: str,
        *,
        everyone: bool = False,
    ) -> None:
        """Hide a property of a type from drift detection: it seems to be gone.

        What the stack sets' role may not read, a role in the account may, unless it is hidden
        from ``everyone``. With ``*`` for the name it tells nothing of resources of that type.
        """
        pair = (self.at.organization.find(account), region)
        deployer = self.at.simulation.deployer
        hidden = deployer.hidden if everyone else deployer.hidden_from_sets
        self.at.hold(hidden.setdefault(pair, {}), resource_type, name)

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
        """Mark stack instances that are mere records as drifted: a share of them, or some pairs.

        A difference is (path, expected, actual, ADD | REMOVE | NOT_EQUAL).

        Raises:
            SandboxError: Resources are deployed (``tamper`` changes those).
        """
        if not isinstance(self.at.simulation.deployer, RecordedStacks):
            raise SandboxError("drift is scripted only with deploy_resources=False; use tamper")
        drift = ResourceDrift(
            logical_id=logical_id,
            physical_id=logical_id,
            resource_type=type,
            status=status,
            differences=tuple((str(p), str(e), str(a), str(k)) for p, e, a, k in differences),
        )
        named = {(self.at.organization.find(account), region) for account, region in pairs}
        self.at.happen(after, lambda: self._drift(stack_set, drift, share, named, again))

    def _drift(
        self,
        stack_set: str,
        drift: ResourceDrift,
        share: float | None,
        named: set[tuple[str, str]],
        again: timedelta | None,
    ) -> None:
        alone = (drift,)
        for instance in self.at.stack_set(stack_set).instances.values():
            chosen = instance.pair in named
            if share is not None:
                chosen = chosen or self._lot(stack_set, instance) < share
            if chosen and instance.stack_id is not None:
                self._add_drift(instance.stack_id, alone)
                if again is not None:
                    repeated = partial(self._add_drift, instance.stack_id, alone)
                    self.at.repeat(instance.stack_id, repeated, again)

    def _add_drift(self, stack_id: str, drift: tuple[ResourceDrift, ...]) -> None:
        assert isinstance(self.at.simulation.deployer, RecordedStacks)  # noqa: S101
        known = self.at.simulation.deployer.drifted
        known[stack_id] = known[stack_id] + drift if stack_id in known else drift

    def _lot(self, stack_set: str, instance: StackInstance) -> float:
        text = derive(
            8, str(self.at.simulation.settings.seed), "drifted", stack_set, *instance.pair
        )
        return int(text, _BASE) / float(_BASE**8)
