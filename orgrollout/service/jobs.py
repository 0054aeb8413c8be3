"""What an execution of the state machine is for, and that there is exactly one at a time.

The number of the last execution is in the journal. It is committed before the execution is started,
and the execution's name is made from it. So a process that dies in between leaves a number without
an execution, and the next one starts exactly that; one that starts it twice starts nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orgrollout.aws.executions import RUNNING, Executions
from orgrollout.errors import OrgRolloutError
from orgrollout.journal.port import Journal
from orgrollout.model.logs import log_of
from orgrollout.reconcile.documents.executions import EXECUTIONS, LastExecution

_LOG = log_of(__name__)
_LOST = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
_TRIES = 5


class Kind(StrEnum):
    """What an execution does at each step."""

    ROLLOUT = "rollout"  # ticks of one rollout
    DRIFT = "drift"  # detections of one manifest, and then the re-sync


class JobError(OrgRolloutError):
    """What an execution was given is no job. Nothing was done."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the input of the function is no job: {why}. Nothing was done.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One rollout to drive, or one manifest to look for drift in."""

    kind: Kind
    name: str  # of the rollout, or of the manifest's folder
    progress: Mapping[str, Any] = field(default_factory=dict)  # taken over from an execution

    @property
    def key(self) -> str:
        """Return its name in the journal."""
        return self.name if self.kind is Kind.ROLLOUT else f"{self.kind}_{self.name}"

    def execution(self, number: int) -> str:
        """Return the name of an execution: at most 80 characters, as Step Functions wants."""
        return f"{self.key}_{number}"

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Job":
        """Return the job of an execution's input.

        Raises:
            JobError: It is none.
        """
        kind, name = given.get("job"), given.get("name")
        if kind not in list(Kind) or not isinstance(name, str) or not name:
            raise JobError("it needs `job`, rollout or drift, and `name`")
        progress = given.get("progress") or {}
        if not isinstance(progress, dict):
            raise JobError("`progress` is a mapping")
        return cls(kind=Kind(kind), name=name, progress=progress)


def ensure_execution(
    job: Job, journal: Journal, executions: Executions, *, after: int | None = None
) -> str | None:
    """Start an execution for a job, unless one runs, and return its name; None: one runs.

    ``after`` is the number of an execution that is about to end: it does not count as running.

    Raises:
        JournalContendedError: Other processes kept starting executions for it.
        AwsError: It could not be started. The next call starts it.
    """
    started = ""

    def next_number(last: LastExecution | None) -> LastExecution:
        nonlocal started
        number = last.number if last else 0
        status = executions.status(job.execution(number)) if number else _NEVER
        if status == RUNNING and number != after:
            started = ""
            return LastExecution(number=number)
        if status in _LOST:
            _LOG.warning("execution lost: %s is %s", job.execution(number), status)
        # A number without an execution was committed by a process that died before it started it.
        number = number if status is None else number + 1
        started = job.execution(number)
        return LastExecution(number=number)

    last = EXECUTIONS.change(journal, job.key, next_number, tries=_TRIES)
    if not started or last is None:
        return None
    executions.start(
        started,
        {
            "job": job.kind.value,
            "name": job.name,
            "number": last.number,
            "ticks": 0,
            "progress": dict(job.progress),
        },
    )
    _LOG.info("execution %s started", started)
    return started


_NEVER = "NEVER"  # there was none before
