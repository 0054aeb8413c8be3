"""Automatic deployment: what stack sets do when accounts join, leave or move.

It goes by the units that were targeted and ignores account filters, overrides and
operation preferences. A stack set waits for those it depends on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from orgrollout.sandbox.organization.model import Account, Organization
from orgrollout.sandbox.records import Operation, StackInstance, StackSet
from orgrollout.sandbox.stack_sets.service import StackSets
from orgrollout.sandbox.timeline import Timeline

REACTION = timedelta(seconds=30)
"""The time until StackSets notices (sandbox time)."""


@dataclass(slots=True)
class _Step:
    stack_set: StackSet
    action: str
    pairs: list[tuple[str, str]]
    unit_of: dict[str, str]
    began: str = ""


class AutoDeployment:
    """Watches the organization on behalf of all stack sets."""

    def __init__(
        self, organization: Organization, stack_sets: StackSets, timeline: Timeline
    ) -> None:
        self._organization = organization
        self._sets = stack_sets
        self._timeline = timeline
        self._steps: list[_Step] = []

    def organization_changed(self, kind: str, account: Account, before: str | None) -> None:
        """React to a join, a leave or a move; ``before`` is the parent that was left."""
        now_under = set() if kind == "leave" else set(self._ancestors(account.parent_id))
        was_under = set(self._ancestors(before)) if before is not None else set()
        react = self._reaction(account.id, was_under - now_under, now_under - was_under)
        self._timeline.at(self._timeline.now() + REACTION, react)

    def operation_ended(self, stack_set: StackSet, operation: Operation) -> None:
        """Begin the operations that waited for this one."""
        done = [s for s in self._steps if s.stack_set is stack_set and s.began == operation.id]
        for step in done:
            self._steps.remove(step)
        if done:
            self._begin_what_can()

    def _ancestors(self, parent_id: str) -> list[str]:
        return self._organization.ancestors(parent_id)

    def _reaction(self, account: str, left: set[str], entered: set[str]) -> Callable[[], None]:
        def react() -> None:
            for stack_set in self._sets:
                if stack_set.status == "ACTIVE" and stack_set.auto_deployment.get("Enabled"):
                    self._plan(stack_set, account, left, entered)
            self._begin_what_can()

        return react

    def _plan(self, stack_set: StackSet, account: str, left: set[str], entered: set[str]) -> None:
        gone = [p for p, i in stack_set.instances.items() if p[0] == account and i.unit_id in left]
        targets = stack_set.auto_targets
        units = {region: unit for unit in targets if unit in entered for region in targets[unit]}
        if self._sets.settings.move_between_targets == "keep":
            for pair in [pair for pair in gone if pair[1] in units]:
                stack_set.instances[pair].unit_id = units[pair[1]]
                gone.remove(pair)
        if gone:
            self._steps.append(_Step(stack_set, "DELETE", gone, {}))
        wanted = [(account, region) for region in units]
        new = [pair for pair in wanted if pair not in stack_set.instances or pair in gone]
        if new and account != self._organization.management_account_id:
            self._steps.append(_Step(stack_set, "CREATE", new, units))

    def _begin_what_can(self) -> None:
        for index, step in enumerate(list(self._steps)):
            depends = step.stack_set.auto_deployment.get("DependsOn") or ()
            same = any(each.stack_set is step.stack_set for each in self._steps[:index])
            depended = any(each.stack_set.arn in depends for each in self._steps)
            if not (step.began or same or depended):
                self._begin(step)

    def _begin(self, step: _Step) -> None:
        stack_set = step.stack_set
        for account, region in step.pairs:
            if step.action == "CREATE" and (account, region) not in stack_set.instances:
                stack_set.instances[account, region] = StackInstance(
                    account=account, region=region, unit_id=step.unit_of[region]
                )
        touched = [stack_set.instances[p] for p in step.pairs if p in stack_set.instances]
        retain = stack_set.auto_deployment.get("RetainStacksOnAccountRemoval", False)
        params = {"Automatic": True, "RetainStacks": retain if step.action == "DELETE" else None}
        step.began = self._sets.begin(stack_set, step.action, touched, params).id
