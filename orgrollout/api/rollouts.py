"""Rollouts: begin and drive them, find them in the journal, and give them orders."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from orgrollout.api.place import Place, silent

if TYPE_CHECKING:
    from orgrollout.plan.model.plan import Plan
    from orgrollout.reconcile.documents.rollouts import Rollout
    from orgrollout.reconcile.tick.tick import Tick
    from orgrollout.rollout.state.state import Failure, RolloutState


class Rollouts(Place):
    """What is done with a plan, and with the rollout that carries it out."""

    __slots__ = ()

    def begin(self, plan: "Plan", *, supersede: bool = False) -> "Rollout":
        """Claim the stack sets of a plan, record the rollout and return it. Nothing is sent yet.

        With ``supersede``, rollouts that are stopped give their stack sets up for good.

        Raises:
            WrongPlaceError: The plan is for another organization or home Region.
            OpenRolloutError: Another rollout holds stack sets of the plan.
        """
        from orgrollout.reconcile.lifecycle.begin import begin_rollout
        from orgrollout.reconcile.reading.plan_request import check_place

        check_place(plan, self.reading)
        return begin_rollout(plan, self.context, supersede=supersede)

    def drive(self, rollout: "Rollout", follow: "Callable[[Tick], None]" = silent) -> "Rollout":
        """Advance a rollout until nothing happens by itself any more, and return it.

        ``follow`` is called after every tick, and once a minute while nothing happens. What it
        raises ends the loop: operations go on in AWS, and driving again attaches to them. Several
        processes may drive one rollout. An outage is waited out for an hour at least.

        Raises:
            AwsError: AWS refused something, or is away for too long. The rollout stays open.
            ClaimLostError: Another rollout took over, or a stack set was unlocked.
        """
        from orgrollout.drivers.local import drive

        return drive(rollout.state.id, self.context, follow)

    def tick(self, rollout: "Rollout") -> "Tick":
        """Advance a rollout by one step; ``wake_after`` of what is returned says when to go on.

        Raises:
            JournalConflictError: Another process advanced it meanwhile. Tick again.
            AwsError: AWS refused something. The rollout stays open.
        """
        from orgrollout.reconcile.tick.tick import tick

        return tick(rollout.state.id, self.context)

    def rollouts(self) -> "list[RolloutState]":
        """Return where every rollout of the journal stands, oldest first. AWS is not called."""
        from orgrollout.reconcile.documents.rollouts import rollout_states

        return rollout_states(self.context.journal)

    def rollout(self, name: str | None = None, *, only_open: bool = False) -> "Rollout":
        """Return one rollout as the journal has it; without a name the newest, or the open one.

        Raises:
            NoSuchRolloutError: There is none, or several are open and none was named.
        """
        from orgrollout.reconcile.documents.rollouts import find_rollout

        return find_rollout(self.context.journal, name, only_open=only_open)

    def stop(self, rollout: "Rollout") -> "Rollout":
        """Order that nothing more starts and what runs is stopped. `drive` carries it out.

        Raises:
            WrongPhaseError: It is over already.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import stop_rollout

        return stop_rollout(rollout.state.id, self.context)

    def resume(self, rollout: "Rollout") -> "Rollout":
        """Order that a rollout that was stopped or halted goes on. `drive` carries it out.

        Raises:
            WrongPhaseError: It cannot go on.
            OpenRolloutError, LaterRolloutError: Another rollout has its stack sets.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import resume_rollout

        return resume_rollout(rollout.state.id, self.context)

    def approve(self, rollout: "Rollout") -> "Rollout":
        """Let the next wave of a rollout start. `drive` carries it out.

        Raises:
            ApprovalError: It waits in another wave than the ``rollout`` that was looked at.
            WrongPhaseError, SecondPersonError: It cannot be approved, or not by this caller.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import approve_rollout

        return approve_rollout(rollout, self.context)

    def retry(
        self,
        rollout: "Rollout",
        meant: "Callable[[Failure], bool]" = lambda _: True,
        *,
        along: "Callable[[Failure], bool]" = lambda _: True,
    ) -> "Rollout":
        """Order that failures are tried again: all, or those that are ``meant``.

        Blocked stack instances of the same accounts are tried with them, where ``along`` says so.
        `drive` carries it out.

        Raises:
            WrongPhaseError: There is nothing to try again.
            OpenRolloutError, LaterRolloutError: Another rollout has its stack sets.
        """
        from orgrollout.reconcile.lifecycle.operator_orders import retry_rollout

        return retry_rollout(rollout.state.id, self.context, meant, along=along)

    def plan_rollback(self, rollout: "Rollout") -> "Plan":
        """Return what `rollback` would do.

        Raises:
            WrongPhaseError, NothingToRollBackError, NewerRolloutError: It cannot be taken back.
        """
        from orgrollout.reconcile.lifecycle.rollback import plan_rollback

        return plan_rollback(rollout, self.context.journal)

    def rollback(self, rollout: "Rollout") -> "Rollout":
        """Begin the rollout that takes another one back, and return it. `drive` carries it out.

        Raises:
            WrongPhaseError, NothingToRollBackError, NewerRolloutError: It cannot be taken back.
        """
        from orgrollout.reconcile.lifecycle.rollback import begin_rollback

        return begin_rollback(rollout, self.context)
