"""What the command line itself refuses."""

from typing import ClassVar

from orgrollout.errors import OrgRolloutError

DONE = 0
FAILED = 1
WRONG_USAGE = 2
FINDINGS = 3
WAITING = 4
UNSEEN = 5  # nothing was found, and nothing could be looked at
PENDING = 10
INTERRUPTED = 130  # what shells take for Ctrl-C


class WrongUsageError(OrgRolloutError):
    """The command does not go together as it was given. Nothing was done."""

    exit_code: ClassVar[int] = WRONG_USAGE


class OutputError(OrgRolloutError):
    """A file, or the output of the program, cannot be written."""


class ProtectionError(OrgRolloutError):
    """No policy can protect what a manifest deploys: a name is unknown, or it would be too long."""


class DeclinedError(OrgRolloutError):
    """The user was asked, and did not say yes. Nothing was changed."""


class SandboxUnavailableError(OrgRolloutError):
    """There is no sandbox to be had: not installed, or its file is wrong."""
