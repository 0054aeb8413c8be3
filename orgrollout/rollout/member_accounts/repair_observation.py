"""What was found of one repair inside an account, and how long it is waited for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.drift import ResourceDrift
from orgrollout.model.member_stack import ChangeSet, MemberStack, StackDetection
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.seen import PostureSeen
from orgrollout.rollout.member_accounts.config_evaluation import ConfigEvaluation
from orgrollout.rollout.member_accounts.remediation import Remediations
from orgrollout.rollout.state.repair_step import NextStep, Step

ASK_AGAIN = timedelta(minutes=10)  # for a detection, or a call, without a result
GIVE_UP = timedelta(minutes=40)
GIVE_UP_UPDATE = timedelta(hours=3)  # what runs on a stack may take long; nothing else does


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairObservation:
    """What was found in one account and Region."""

    stack: MemberStack | None = None  # of a revert; None: it is gone
    change_set: ChangeSet | None = None  # the one of this operation
    detection: StackDetection | None = None  # that this process asked for afterwards
    found: tuple[ResourceDrift, ...] = ()  # every resource that it told of
    why: str = ""  # the stack did not take the change set
    posture: PostureSeen | None = None  # of a call
    remediations: Remediations = field(default_factory=Remediations)  # of a call that starts some
    evaluation: ConfigEvaluation = field(default_factory=ConfigEvaluation)
    asked: datetime | None = None  # when this process asked for a detection, or made the call
    waited: timedelta = timedelta()  # how long this process has seen it as it is now
    failed: "NextStep | None" = None  # it could not be looked at, and never can be
    unreachable: bool = False  # the account could not be read just now


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One repair, and what was found of it."""

    repair: Repair
    name: str  # the operation's id
    now: datetime
    seen: RepairObservation

    @property
    def asked_lately(self) -> bool:
        """Return whether what was asked for may still come."""
        return self.asked_within(ASK_AGAIN)

    def asked_within(self, span: timedelta) -> bool:
        """Return whether it was asked for as lately as that."""
        return self.seen.asked is not None and self.now - self.seen.asked < span

    @property
    def waited_in_vain(self) -> bool:
        """Return whether nothing has come of it for long enough."""
        return self.seen.waited >= GIVE_UP

    @property
    def asked_in_vain(self) -> bool:
        """Return whether it was asked for long enough."""
        return self.seen.asked is not None and self.waited_in_vain


WAIT = NextStep(Step.WAIT)
DONE = NextStep(Step.SUCCEEDED)


def failed(
    cause: Cause, reason: str, *, resources: tuple[str, ...] = (), said: str = ""
) -> NextStep:
    """Return the end of a repair that failed by a verdict of ours; ``said`` is AWS's part of it."""
    own = OwnVerdict(cause=cause, resources=resources, said=said)
    return NextStep(Step.FAILED, reason, own)


def waiting(look: Look, why: str, patience: timedelta, cause: Cause = Cause.ENDLESS) -> NextStep:
    """Return to wait, or the end of a repair that has been waited for too long."""
    return WAIT if look.seen.waited < patience else failed(cause, why)


def updating(look: Look) -> NextStep:
    """Return to wait for an update of the stack, or the end of a repair."""
    return waiting(look, "could not: the update of the stack does not end", GIVE_UP_UPDATE)
