"""Why something failed, where the verdict is ours: a value, with the sentence beside it.

What AWS says is read by its codes and words. A verdict of ours never is: what follows from it
hangs on the cause alone, so that neither a new wording nor a pattern of a manifest changes it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What we found, of a stack instance that failed or of a repair that was not needed."""

    REFUSED = "refused"  # the change set would do more than it should; it is left for a person
    CAME_BACK = "came back"  # it was repaired, and found changed again right afterwards
    UNREAD = "could not be read"  # the role that repairs may lack the permission to read it
    NOTHING_TO_REPAIR = "nothing to repair"
    NOT_REPAIRED = "not repaired"  # the repair ended, and all is as it was
    REMEDIATION_FAILED = "the remediation failed"
    REMEDIATION_ROLE = "the role of the runbook"  # it cannot be assumed
    REMEDIATION_DENIED = "denied to the runbook"
    REMEDIATION_THROTTLED = "the runbook was throttled"
    REMEDIATION_IN_VAIN = "nothing came of the remediation"
    NO_WAY_IN = "no way into the account"
    UNREACHABLE = "unreachable"  # no answer for a long time
    CHANGED_MEANWHILE = "changed meanwhile"  # another process changed the stack in between
    ENDLESS = "does not end"
    UNPROVEN = "unproven"  # it could not be looked at afterwards
    STACK_GONE = "the stack is gone"
    STACK_STATE = "the stack cannot be updated"
    STACK_FAILED = "the update of the stack failed"
    CHANGE_SET_FAILED = "no change set"  # CloudFormation could not make it
    BEING_SET_UP = "the account is being set up"
    NOT_TRIED = "not tried"  # cancelled by us, or without a result
    INSTANCE_GONE = "the stack instance is gone"
    DEPENDENCY = "a dependency failed"
    NOT_UPDATED = "not updated"  # reported as done, and still OUTDATED
    NOT_AS_REPORTED = "not as reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVerdict:
    """A verdict of ours."""

    cause: Cause
    resources: tuple[str, ...] = ()  # logical ids that it is about, if it is about some
    said: str = ""  # the part of the sentence that AWS said; empty: none
