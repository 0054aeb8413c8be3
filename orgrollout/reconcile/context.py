"""What plans and rollouts stand in."""

import os
import secrets
import socket
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.rate_limits import Bounds
from orgrollout.journal.port import Journal
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import OperationId
from orgrollout.reconcile.documents.rollout_events import Histories, Said
from orgrollout.reconcile.process.lease import LeaseWatch
from orgrollout.reconcile.process.poll_cache import Looks
from orgrollout.reconcile.process.repair_cache import RepairMemory


def call_bounds(loaded: LoadedManifest | None) -> Bounds | None:
    """Return within which bounds a manifest lets the rate of CloudFormation adapt."""
    if loaded is None:
        return None
    chosen = loaded.manifest.rollout.calls_per_second
    return Bounds(least=chosen.least, most=chosen.most)


@dataclass(slots=True)
class CallMeter:
    """How many API requests were sent since they were last written down."""

    _written: Counter[str] = field(default_factory=Counter)

    def take(self, calls: Counter[str]) -> Counter[str]:
        """Return what came on top of what was taken before."""
        new = calls - self._written
        self._written = Counter(calls)
        return new


CallerChoice = Literal["auto", "self", "delegated_admin"]


def this_process() -> str:
    """Return a name for this process that no other has, and that tells people where to look."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """AWS, the journal, and the time."""

    connection: Connection
    stack_sets: StackSets
    journal: Journal
    clock: Clock
    meter: CallMeter = field(default_factory=CallMeter)
    holder: str = field(default_factory=this_process)  # of leases
    watch: LeaseWatch = field(default_factory=LeaseWatch)
    repairs: dict[OperationId, RepairMemory] = field(default_factory=dict)
    at_once: int = 16  # calls into member accounts at a time
    looks: Looks = field(default_factory=Looks)
    histories: Histories = field(default_factory=Histories)
    others: dict[str, StackSets] = field(default_factory=dict)  # by as whom they are called

    def said(self, text: str) -> Said:
        """Return what the caller says just now, to be noted."""
        return Said(text=text, by=self.connection.identity.arn, at=self.clock.now())

    def calling_as(self, wanted: CallerChoice) -> "Context":
        """Return the same context with service-managed stack sets called as a plan says.

        Who resumes or stops a rollout has its plan, and no manifest.
        """
        if self.stack_sets.wanted == wanted:
            return self
        made = self.others.get(wanted) or StackSets(self.connection, call_as=wanted)
        self.others[wanted] = made
        return replace(self, stack_sets=made)


def contexts(
    connection: Connection, journal: Journal, call_as: CallerChoice
) -> tuple[Context, Context]:
    """Return the context of a process, and the same for planning, which cannot write to AWS."""
    writing = Context(
        connection=connection,
        stack_sets=StackSets(connection, call_as=call_as),
        journal=journal,
        clock=connection.clock,
    )
    reading = connection.planning()
    planning = Context(
        connection=reading,
        stack_sets=StackSets(reading, call_as=call_as),
        journal=journal,
        clock=connection.clock,
    )
    return writing, planning
