"""Runs experiments side by side, each on a stack set of its own, and takes each of these away."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.connection import Connection
from orgrollout.confirm.evidence import folded, line
from orgrollout.confirm.experiment import Experiment, Finding, found, not_found
from orgrollout.confirm.ground import Ground, is_of_confirm
from orgrollout.confirm.removal import CALLS, Removal
from orgrollout.confirm.steps import Call, CannotTellError, Response, Steps, Wait
from orgrollout.model.ids import StackSetName
from orgrollout.reconcile.confirm.ask import Asker, Role

T = TypeVar("T")
Progress = Callable[[str], None]
Hear = Callable[[Finding], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one experiment, and why its stack set is still there, if it is."""

    finding: Finding
    stack_set: StackSetName
    left: str = ""
    errors: tuple[Exception, ...] = ()  # that nothing foresaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Why a stack set is still there; empty: it is gone."""

    why: str = ""
    errors: tuple[Exception, ...] = ()  # that nothing foresaw


def run(
    experiments: Iterable[Experiment],
    ground: Ground,
    connection: Connection,
    role: Role | None,
    progress: Progress,
    *,
    hear: Hear = lambda _: None,
) -> Iterator[Outcome]:
    """Run experiments, and yield what became of each as soon as its stack set is gone.

    One that cannot run here makes nothing. ``hear`` gets each finding before its stack set is
    removed. An error that nothing foresaw ends one experiment, and none of the others.
    """
    chosen = list(experiments)
    able = [each for each in chosen if not each.lacks(ground)]
    for each in chosen:
        if lacking := each.lacks(ground):
            finding = not_found(each, f"it was not run: it needs {lacking}")
            yield Outcome(finding=finding, stack_set=ground.name(each.title))
    asker = Asker(
        connection=connection,
        role=role,
        calls=CALLS.union(*(each.calls for each in able)),
        member_calls=frozenset().union(*(each.member_calls for each in able)),
    )
    jobs = [_Job(_whole(each, ground, hear), each.name) for each in able]
    for job, outcome in side_by_side(jobs, asker, connection.clock):
        progress(f"{job.name}: {outcome.finding.outcome}")
        evidence = tuple(folded(job.lines))
        yield replace(outcome, finding=replace(outcome.finding, evidence=evidence))


def remove(
    names: Iterable[StackSetName], call_as: str, run_: str, connection: Connection
) -> Iterator[tuple[StackSetName, str]]:
    """Take stack sets away, and yield each with why it is still there; empty: it is gone."""
    asker = Asker(connection=connection, role=None, calls=CALLS, member_calls=frozenset())
    jobs = [_Job(_removed(name, call_as, run_), name) for name in names]
    for job, removed in side_by_side(jobs, asker, connection.clock):
        yield StackSetName(job.name), removed.why


def left_by_earlier_runs(connection: Connection, call_as: str) -> tuple[StackSetName, ...]:
    """Return the stack sets of experiments that are still there; others are never among them."""
    asked = {"Status": "ACTIVE", "CallAs": call_as, "MaxResults": 100}
    listed = connection.pages("cloudformation", "ListStackSets", asked, "Summaries")
    return tuple(
        StackSetName(each["StackSetName"])
        for each in listed
        if each.get("Status", "ACTIVE") == "ACTIVE"
        and is_of_confirm(each["StackSetName"], each.get("Description") or "")
    )


def _whole(experiment: Experiment, ground: Ground, hear: Hear) -> Steps[Outcome]:
    errors: tuple[Exception, ...] = ()
    try:
        finding = found(experiment, (yield from experiment.run(ground)))
    except CannotTellError as error:
        finding = not_found(experiment, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, its stack set is to be removed
        finding, errors = not_found(experiment, _unforeseen(error)), (error,)
    hear(finding)
    name = ground.name(experiment.title)
    removed = yield from _removed(name, ground.call_as, ground.run)
    errors += removed.errors
    return Outcome(finding=finding, stack_set=name, left=removed.why, errors=errors)


def _removed(name: str, call_as: str, run_: str) -> Steps[Removed]:
    try:
        yield from Removal(name, call_as, run_).steps()
    except CannotTellError as error:
        return Removed(why=str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are to be removed
        return Removed(why=_unforeseen(error), errors=(error,))
    return Removed()


def _unforeseen(error: Exception) -> str:
    """Return what is said of an error; its own text may hold anything."""
    return f"an error that nothing foresaw: {type(error).__name__} (--debug shows where)"


@dataclass(slots=True)
class _Job(Generic[T]):
    steps: Steps[T]
    name: str
    told: Response | None = None  # None: it has not begun
    lines: list[str] = field(default_factory=list)


def side_by_side(jobs: list[_Job[T]], asker: Asker, clock: Clock) -> Iterator[tuple[_Job[T], T]]:
    """Go on with each job when its time has come, one call at a time; yield those that end."""
    due: list[tuple[datetime, int]] = [(clock.now(), number) for number in range(len(jobs))]
    while due:
        moment, number = heapq.heappop(due)
        clock.sleep(moment - clock.now())
        job = jobs[number]
        try:
            wait = _until_it_waits(job, asker)
        except StopIteration as end:
            yield job, end.value
        else:
            heapq.heappush(due, (clock.now() + wait.span, number))


def _until_it_waits(job: _Job[T], asker: Asker) -> Wait:
    """Make the calls of a job until it waits.

    Raises:
        StopIteration: It is over, with this value.
    """
    step = next(job.steps) if job.told is None else job.steps.send(job.told)
    while not isinstance(step, Wait):
        step = _after(step, job, asker)
    job.told = Response()
    return step


def _after(call: Call, job: _Job[T], asker: Asker) -> Call | Wait:
    """Make a call of a job, and return what it asks for next; an error is the job's to handle."""
    try:
        told = asker.ask(call)
        if call.is_evidence:
            job.lines.append(line(call, told))
    except Exception as error:  # noqa: BLE001 - it ends this experiment, and not the others
        return job.steps.throw(error)
    return job.steps.send(told)
