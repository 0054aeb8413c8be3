"""What plans and rollouts stand in."""

import os
import secrets
import socket
from collections import Counter
from dataclasses import dataclass, field

from orgrollout.aws.clock import Clock
from orgrollout.aws.connection import Connection
from orgrollout.aws.stack_sets import StackSets
from orgrollout.journal.port import Journal
from orgrollout.reconcile.lease import LeaseWatch
from orgrollout.reconcile.looks import Looks


@dataclass(slots=True)
class CallMeter:
    """How many API requests were sent since they were last written down."""

    _written: Counter[str] = field(default_factory=Counter)

    def take(self, calls: Counter[str]) -> Counter[str]:
        """Return what came on top of what was taken before."""
        new = calls - self._written
        self._written = Counter(calls)
        return new


def this_process() -> str:
    """Return a name for this process that no other has, and that tells people where to look."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """AWS, the journal, and the time."""

    connection: Connection
    stack_sets: StackSets
    journal: Journal
    clock: Clock
    meter: CallMeter = field(default_factory=CallMeter)
    holder: str = field(default_factory=this_process)  # of leases
    watch: LeaseWatch = field(default_factory=LeaseWatch)
    looks: Looks = field(default_factory=Looks)
