"""The lease of this process on one rollout, while it acts."""

from collections.abc import Iterable
from dataclasses import replace

from orgrollout.aws.transport.clock import API_TIMEOUT
from orgrollout.errors import OrgRolloutError
from orgrollout.journal.conflicts import unless_overtaken
from orgrollout.journal.errors import LeaseLostError
from orgrollout.model.logs import log_of
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollout_events import with_line
from orgrollout.reconcile.documents.rollout_record import Record
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout, save_record
from orgrollout.reconcile.process.lease import SPAN, Moment, with_lease
from orgrollout.rollout.state.decision import Event
from orgrollout.rollout.state.state import RolloutState

_LOG = log_of(__name__)


class HeldLease:
    """A lease that was taken, to be made longer where needed and given back in the end."""

    def __init__(self, rollout: Rollout, taken: Moment, context: Context) -> None:
        self.rollout = rollout
        self._fence = rollout.record.fence
        self._taken = taken
        self._context = context

    @classmethod
    def take(
        cls, rollout: Rollout, state: RolloutState, context: Context, events: Iterable[Event] = ()
    ) -> "HeldLease":
        """Commit a new state, its intents and events, and the lease to act on them, in one write.

        Raises:
            JournalConflictError: Another process has advanced the rollout; nothing was written.
        """
        taken = Moment.now(context.clock)
        before = rollout.record.lease
        record = replace(rollout.record, state=state)
        leased = with_lease(record, context.holder, taken, new=True)
        leased = with_line(leased, events, by=context.holder, at=taken.wall)
        held = cls(save_record(context.journal, rollout, leased), taken, context)
        if before is not None and before.holder != context.holder:
            _LOG.info("lease taken over from %s", before.holder)
        return held

    def ensure(self) -> None:
        """Return if an answer to a request sent now would come within the lease.

        Where too little of it is left it is made longer; that works only if neither another
        driver nor an operator has written to the rollout since.

        Raises:
            LeaseLostError: One of them has. Nothing may be sent any more.
        """
        if SPAN - self._taken.elapsed(self._context.clock) >= API_TIMEOUT:
            return
        taken = Moment.now(self._context.clock)
        record = with_lease(self.rollout.record, self._context.holder, taken, new=False)
        saved = unless_overtaken(lambda: save_record(self._context.journal, self.rollout, record))
        if saved is None:
            _LOG.info("lease lost: another process has advanced the rollout")
            raise LeaseLostError(self.rollout.state.id)
        self.rollout, self._taken = saved, taken

    def release(self, state: RolloutState | None = None, events: Iterable[Event] = ()) -> bool:
        """Give the lease back, with a new state if there is one; False if it was another's already.

        The state is left out where an operator's order has come between. A journal that cannot be
        written now is no matter: the lease runs out by itself, and the next tick finds the rest.
        """
        state = state or self.rollout.state
        try:
            while self._is_mine():
                freed = replace(self.rollout.record, state=state, lease=None)
                freed = with_line(
                    freed, events, by=self._context.holder, at=self._context.clock.now()
                )
                if self._is_saved(freed):
                    return True
                # An operator's order leaves the lease as it is; another driver does not.
                self.rollout = load_rollout(self._context.journal, self.rollout.state.id)
                state, events = self.rollout.state, ()
        except OrgRolloutError:
            return True
        return False

    def _is_saved(self, record: Record) -> bool:
        saved = unless_overtaken(lambda: save_record(self._context.journal, self.rollout, record))
        self.rollout = saved or self.rollout
        return saved is not None

    def _is_mine(self) -> bool:
        lease = self.rollout.record.lease
        return lease is not None and (lease.holder, lease.fence) == (
            self._context.holder,
            self._fence,
        )
